"""Reads a notebook on standard input, runs it with nbclient on python3, writes it to standard output."""

import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.stdin, as_version=4)
NotebookClient(notebook, kernel_name='python3', allow_errors=True, timeout=60).execute()
nbformat.write(notebook, sys.stdout)
