"""Reads a notebook on standard input, runs it with nbclient, writes it to standard output: run_nbclient.py [KERNEL [untimed]]."""

import sys

import nbformat
from nbclient import NotebookClient

kernel, *options = sys.argv[1:] or ['python3']
timed = 'untimed' not in options
notebook = nbformat.read(sys.stdin, as_version=4)
NotebookClient(notebook, kernel_name=kernel, allow_errors=True, timeout=60, record_timing=timed).execute()
nbformat.write(notebook, sys.stdout)
