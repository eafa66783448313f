"""How the API's answers look as tables that fit 80 columns.

Pure: from JSON to rows of cells; a cell that is a tuple has one line for each of its members.
"""
