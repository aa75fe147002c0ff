"""Reads a JSON array of notebook texts, writes a JSON array of what Python's nbformat makes of them: text, or what is wrong."""

import json
import sys

import nbformat
from nbformat.reader import NotJSONError

results = []
for text in json.load(sys.stdin):
    try:
        notebook = nbformat.reads(text, as_version=4)
    except NotJSONError:
        results.append({'text': '', 'problem': 'no JSON'})
        continue
    try:
        nbformat.validate(notebook)
        problem = None
    except nbformat.ValidationError as error:
        problem = str(error)
    results.append({'text': nbformat.writes(notebook) + '\n', 'problem': problem})
json.dump(results, sys.stdout)
