"""Local weights: the registry, the llama.cpp engine, the protocol the model was trained on."""
