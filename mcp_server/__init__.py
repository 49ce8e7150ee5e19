"""The door for agents: each tool is a typed function and its docstring, over the same services."""
