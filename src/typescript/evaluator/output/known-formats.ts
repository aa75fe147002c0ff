/** What values of well-known libraries look like, told by their shape, and the MIME bundle of each. */
import { types } from 'node:util';
import { base64, imageType } from './image-bytes.js';

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
  const body = records
    .map((row) =>
      cells(
        fields.map((field) => row[field]),
        'td',
      ),
    )
    .join('');
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
