/** Values of well-known libraries, recognised by their shape, and the MIME bundle of each. */
import { Buffer } from 'node:buffer';
import { types } from 'node:util';

type Shaped = Readonly<Record<string, unknown>>;
type Format = (value: Shaped) => Record<string, unknown> | undefined;

/**
 * The bundle of a value of a known shape: images as bytes, canvases, elements, Vega and Vega-Lite specifications (also by
 * `toSpec()`), Plotly figures, tables of nodejs-polars. Undefined for any other, and for proxies, which are not asked.
 */
export function knownFormat(value: object): Record<string, unknown> | undefined {
  if (types.isProxy(value)) return undefined;
  for (const format of FORMATS) {
    const data = format(value as Shaped);
    if (data !== undefined) return data;
  }
  return undefined;
}

const FORMATS: readonly Format[] = [image, canvas, element, specification, plotly, table];

function image(value: Shaped): Record<string, unknown> | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const type = imageType(value);
  return type === undefined ? undefined : { [type]: base64(value) };
}

/** The MIME type that an image's first bytes tell. */
export function imageType(bytes: Uint8Array): string | undefined {
  const starts = (...head: readonly number[]): boolean => head.every((byte, at) => bytes[at] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  return undefined;
}

/** Binary data as MIME bundles carry it. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function canvas(value: Shaped): Record<string, unknown> | undefined {
  const text = call(value, 'toDataURL');
  const [, type, data] = /^data:(image\/[\w.+-]+);base64,(.*)$/s.exec(String(text)) ?? [];
  return type === undefined ? undefined : { [type]: data };
}

function element({ outerHTML }: Shaped): Record<string, unknown> | undefined {
  if (typeof outerHTML !== 'string') return undefined;
  return /^\s*<svg[\s>]/i.test(outerHTML) ? { 'image/svg+xml': outerHTML } : { 'text/html': outerHTML };
}

function specification(value: Shaped): Record<string, unknown> | undefined {
  const spec = call(value, 'toSpec') ?? value;
  const { $schema } = spec as Shaped;
  const [, library, version] = /vega\.github\.io\/schema\/(vega(?:-lite)?)\/v(\d+)/.exec(String($schema)) ?? [];
  if (library === undefined) return undefined;
  return { [`application/vnd.${library.replace('-', '')}.v${version}+json`]: spec };
}

function plotly({ data, layout }: Shaped): Record<string, unknown> | undefined {
  if (!Array.isArray(data) || typeof layout !== 'object' || layout === null) return undefined;
  return { 'application/vnd.plotly.v1+json': { data: data as unknown[], layout } };
}

const ROWS = 50;

function table(value: Shaped): Record<string, unknown> | undefined {
  if (!('schema' in value) || typeof value['head'] !== 'function' || typeof value['toRecords'] !== 'function')
    return undefined;
  const rows = call(call(value, 'head', ROWS) as Shaped, 'toRecords');
  if (!Array.isArray(rows)) return undefined;
  const records = rows as Shaped[];
  const fields = Object.keys(records[0] ?? {});
  const valuesOf = (row: Shaped): unknown[] => fields.map((field) => row[field]);
  const body = records.map((row) => cells(valuesOf(row), 'td')).join('');
  return {
    'application/vnd.dataresource+json': { data: records, schema: { fields: fields.map((name) => ({ name })) } },
    'text/html': `<table><thead>${cells(fields, 'th')}</thead><tbody>${body}</tbody></table>`,
  };
}

function cells(row: readonly unknown[], tag: string): string {
  return `<tr>${row.map((each) => `<${tag}>${escapeHtml(String(each))}</${tag}>`).join('')}</tr>`;
}

function call(value: Shaped, method: string, ...arguments_: unknown[]): unknown {
  const found = value[method];
  return typeof found === 'function' ? (Reflect.apply(found, value, arguments_) as unknown) : undefined;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}
