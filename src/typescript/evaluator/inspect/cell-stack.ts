/** Stack traces in which cells have their own names, lines and columns, and the evaluator has none. */
import { codeFrame } from './code-frame.js';
import type { Position } from '../compile/source-maps.js';
import { withoutVersions } from '../modules/local-modules.js';

/** The position in an imported file's own text that a position of its JavaScript comes from; undefined for other files. */
type PlaceInFile = (url: string, position: Position) => Position | undefined;

/** A cell that was compiled, as stack traces need it. */
export interface KnownCell {
  /** The number of the execution. */
  readonly cell: number;
  readonly executionCount: number;
  readonly code: string;
  original(position: Position): Position | undefined;
}

/** Every cell that was run, by its file name in stacks: its functions may live as long as the process. */
export type CellStacks = ReturnType<typeof installCellStacks>;

/** The text of a place in a cell, as it stands in stacks. */
export function placeText(executionCount: number, { line, column }: Position): string {
  return `Cell [${executionCount}]:${line}:${column}`;
}

/** Maximum number of frames shown of a stack that V8 has not cut. */
const MAX_SITES = 10;
const PLACE = /Cell \[(\d+)\]:(\d+):(\d+)/;

/**
 * Installs `Error.prepareStackTrace`, so that also stacks that a cell prints itself are readable. A cell may replace it.
 * `internals` is the URL or path that the evaluator's own files begin with.
 */
export function installCellStacks(internals: readonly string[]) {
  const cells = new Map<string, KnownCell>();
  let placeInFile: PlaceInFile | undefined;
  /** For stacks that were not made here. Counts are not unique: cells that are not stored share one. */
  const byCount = new Map<number, KnownCell>();
  /** The cells of the innermost and of the outermost place in an error's stack. */
  const ends = new WeakMap<object, { readonly inner: KnownCell; readonly outer: KnownCell }>();

  const known = (stack: string): KnownCell | undefined => byCount.get(Number(PLACE.exec(stack)?.[1]));

  const cellAt = (site: NodeJS.CallSite | undefined): KnownCell | undefined => cells.get(site?.getFileName() ?? '');
  const siteText = (site: NodeJS.CallSite): string | undefined => {
    const file = site.getFileName() ?? '';
    const cell = cells.get(file);
    const position = { line: site.getLineNumber() ?? 1, column: site.getColumnNumber() ?? 1 };
    if (cell === undefined) {
      if (internals.some((each) => file.startsWith(each))) return undefined;
      const inFile = placeInFile?.(file, position);
      return inFile === undefined ? String(site) : siteWithPlace(site, `${file}:${inFile.line}:${inFile.column}`);
    }
    const at = cell.original(position);
    const place = at === undefined ? `Cell [${cell.executionCount}]` : placeText(cell.executionCount, at);
    return siteWithPlace(site, place);
  };

  const text = (error: Error, sites: readonly NodeJS.CallSite[]): string => {
    const lastCell = sites.findLastIndex(cellAt);
    const inner = cellAt(sites.find(cellAt));
    const outer = cellAt(sites[lastCell]);
    if (inner !== undefined && outer !== undefined) ends.set(error, { inner, outer });
    // Below the cell there is only the machinery that called it.
    const kept = lastCell === -1 ? sites : sites.slice(0, lastCell + 1);
    const lines = kept.map(siteText).filter((line) => line !== undefined);
    return [headline(error), ...lines.map((line) => `    at ${withoutVersions(line)}`)].join('\n');
  };
  Error.prepareStackTrace = text;

  return {
    /** Sets the function that traces positions in imported files. Until then they are those of the JavaScript. */
    placeFiles(next: PlaceInFile): void {
      placeInFile = next;
    },
    add(filename: string, cell: KnownCell): void {
      cells.set(filename, cell);
      // Its user expressions come later, and are no cells.
      if (byCount.get(cell.executionCount)?.cell !== cell.cell) byCount.set(cell.executionCount, cell);
    },
    /** The stack of an error as it would be if it had been made where these frames are, innermost first. */
    text(error: Error, sites: readonly NodeJS.CallSite[]): string {
      const shown = sites.slice(0, Math.max(MAX_SITES, sites.findIndex(cellAt) + 1));
      // The outermost tells which cell it was.
      return text(error, [...shown, ...sites.slice(shown.length).filter(cellAt).slice(-1)]);
    },
    /** The number of the execution whose code is outermost in an error's stack, if any. */
    cellOf(error: unknown): number | undefined {
      const lines = error instanceof Error ? String(error.stack).split('\n') : [];
      if (error instanceof Error && ends.has(error)) return ends.get(error)?.outer.cell;
      return known(lines.findLast((line) => PLACE.test(line)) ?? '')?.cell;
    },
    /** The lines around the first place in a cell that an error's stack names, under a heading. */
    frame(stack: string, error?: object): string[] {
      const [, count, line, column] = PLACE.exec(stack) ?? [];
      const inner = error && ends.get(error)?.inner;
      const cell = inner?.executionCount === Number(count) ? inner : known(stack);
      if (cell === undefined) return [];
      return codeFrame(cell.code, cell.executionCount, { line: Number(line), column: Number(column) });
    },
  };
}

function siteWithPlace(site: NodeJS.CallSite, place: string): string {
  const name = functionText(site);
  const async = (site as NodeJS.CallSite & { isAsync?(): boolean }).isAsync?.() ? 'async ' : '';
  return name === '' ? `${async}${place}` : `${async}${name} (${place})`;
}

function functionText(site: NodeJS.CallSite): string {
  const name = site.getFunctionName();
  if (name === null || name === '') return '';
  if (site.isConstructor()) return `new ${name}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  return type === null || type === 'Object' || name.startsWith(`${type}.`) ? name : `${type}.${name}`;
}

/** As Node writes it: its own errors show their code. */
function headline(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && code.startsWith('ERR_')) return `${error.name} [${code}]: ${error.message}`;
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}
