"""The product: command line, tools, the research loop, evidence, runs, replay and the seal."""
