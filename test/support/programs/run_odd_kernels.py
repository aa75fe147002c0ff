"""Reads names of kernels on standard input (JSON), runs the cells `a` and `b` on each with nbclient, writes what came of it (JSON)."""

import asyncio
import json
import math
import sys

import nbformat
from nbclient import NotebookClient
from nbformat import v4


def without_nan(value):
    """As a notebook of ours has it: JSON has no NaN."""
    if isinstance(value, dict):
        return {name: without_nan(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


async def run(name, turn):
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in 'ab'])
    async with turn:
        try:
            client = NotebookClient(notebook, kernel_name=name, timeout=20, allow_errors=True, iopub_timeout=2)
            await client.async_execute()
            nbformat.validate(notebook)
        except Exception as error:
            return {'error': type(error).__name__}
    return {'outputs': [cell.outputs for cell in notebook.cells]}


async def main():
    turn = asyncio.Semaphore(3)
    names = json.load(sys.stdin)
    results = await asyncio.gather(*(run(name, turn) for name in names))
    json.dump(without_nan(dict(zip(names, results))), sys.stdout, allow_nan=False)


asyncio.run(main())
