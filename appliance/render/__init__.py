"""How things look: the terminal and local HTML. Nothing here decides what is shown."""
