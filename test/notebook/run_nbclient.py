"""Reads a notebook on standard input, runs it with nbclient on python3, or the kernel named, writes it to standard output."""

import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.stdin, as_version=4)
kernel = sys.argv[1] if len(sys.argv) > 1 else 'python3'
NotebookClient(notebook, kernel_name=kernel, allow_errors=True, timeout=60, record_timing=False).execute()
nbformat.write(notebook, sys.stdout)
