import { textOf } from './files.js';

/** A command line of a document, as words, without quoting. */
export interface Command {
  readonly text: string;
  readonly words: readonly string[];
}

/** Lines of `sh` blocks, and code in running text. Lines that end with a backslash go on. */
export function codeIn(document: string): string[] {
  const text = textOf(document);
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');
  const outside = text.replace(/```.*?```/gs, '');
  const inline = [...outside.matchAll(/`([^`]+)`/g)].map(([, code]) => (code ?? '').replace(/\s+/g, ' '));
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'));
  return [...lines, ...inline].map((line) => line.trim()).filter((line) => line !== '');
}

/** Every call of `program` in the code of a document, wherever in a line it stands. */
export function commandsOf(document: string, program: string): Command[] {
  return codeIn(document).flatMap((line) => {
    const text = line.replace('docker compose run --rm cli ', 'exitlane ');
    const starts = [...text.matchAll(new RegExp(`(?:^|\\(|; do |\\| )${program} (?=\\S)`, 'g'))];
    return starts.map(({ index, 0: start }) => {
      const rest = text.slice(index + start.length).replace(/(\s+#\s|\s*[|;)]|\s+>).*$/, '');
      return { text: `${program} ${rest}`, words: wordsOf(rest) };
    });
  });
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}

/** Names by which a document's headings are linked to, as the usual viewers make them. */
export function anchorsOf(document: string): string[] {
  const text = textOf(document).replace(/```.*?```/gs, '');
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Where a document points to, but for the web. */
export function linksOf(document: string): string[] {
  const text = textOf(document).replace(/```.*?```/gs, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((link) => !/^https?:/.test(link));
}
