/** Sections of named values: as much of ZPL (ZeroMQ RFC 4) as certificates use. */
export type Zpl = Readonly<Record<string, Readonly<Record<string, string>>>>;

const NAME = /^[\w$@.&+/-]+$/;
const VALUE = /^[^"\p{Cc}]*$/u;

/**
 * The text of a certificate file. `banner` becomes its comment.
 * Throws TypeError for names and values that ZPL cannot hold, and for names by which pyzmq recognises keys.
 */
export function formatZpl(
  banner: string,
  sections: { readonly metadata: Zpl[string]; readonly curve: Zpl[string] },
): string {
  for (const [name, value] of Object.entries(sections.metadata)) {
    if (!NAME.test(name) || /^(public|secret)-key/.test(name)) {
      throw new TypeError(`A certificate cannot hold metadata named ${JSON.stringify(name)}.`);
    }
    if (!VALUE.test(value)) throw new TypeError(`The metadata ${name} holds a quotation mark or a control character.`);
  }
  const comment = banner.split('\n').map((line) => `#   ${line}\n`);
  const body = Object.entries(sections).flatMap(([section, values]) => [
    `${section}\n`,
    ...Object.entries(values).map(([name, value]) => `    ${name} = "${value}"\n`),
  ]);
  return [...comment, '\n', ...body].join('');
}

/** The sections of a certificate file. Lines that are no ZPL are passed over, as pyzmq does. */
export function parseZpl(text: string): Zpl {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of text.split('\n')) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const equals = content.indexOf('=');
    if (equals >= 0) {
      current.set(content.slice(0, equals).trim(), unquote(content.slice(equals + 1).trim()));
    } else {
      current = new Map();
      sections.set(content, current);
    }
  }
  return Object.fromEntries([...sections].map(([name, values]) => [name, Object.fromEntries(values)]));
}

function unquote(value: string): string {
  const quote = value.charAt(0);
  const end = value.indexOf(quote, 1);
  return (quote === '"' || quote === "'") && end > 0 ? value.slice(1, end) : value;
}
