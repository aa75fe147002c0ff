"""Reads {notebook, parameters} on standard input, writes the notebook as papermill parameterizes it, without running it."""

import json
import sys

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

given = json.load(sys.stdin)
with open(sys.argv[1], 'w') as file:
    file.write(given['notebook'])
notebook = load_notebook_node(sys.argv[1])
nbformat.write(parameterize_notebook(notebook, given['parameters']), sys.stdout)
