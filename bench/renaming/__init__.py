"""A copy of the demo corpus under other names: `python -m bench.renamed` makes and asks it.

`names` invents, `entities` says what there is to rename and chooses half of it, `rewrite` changes
text, `almanac` makes the copy and looks for traces of the old names.
"""
