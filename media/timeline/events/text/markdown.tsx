import * as l10n from '@vscode/l10n';
import type { MarkedToken, Token, Tokens } from 'marked';
import type { ComponentChildren } from 'preact';
import { HighlightedCode } from './highlightedCode';
import { FilePath } from './filePath';
import { parseFileReference } from './fileReference';
import { useFormatted } from './useFormatted';
import { visibleText } from '../../../../src/common/visibleText';
import type { TimelineModel } from '../../model/timelineModel';
import './markdown.css';

/** A longer text is shown as it is, since parsing time can grow with the square of the length. */
const MAX_LENGTH = 16_384;
/** Lists and quotes that are nested more deeply are shown as source text. */
const MAX_DEPTH = 12;
const REMOTE = /^(https?:\/\/|mailto:)/i;
const HEADINGS = ['h2', 'h3', 'h4', 'h5', 'h6', 'h6'] as const;

/**
 * Markdown as a fixed set of elements and text nodes, so that no HTML needs to be sanitised.
 * HTML in the text, and links to anything but web pages and files, stay text.
 */
export function Markdown({ model, text }: { model: TimelineModel; text: string }) {
  const visible = visibleText(text);
  const isShort = visible.length <= MAX_LENGTH;
  const tokens = useFormatted(isShort ? { kind: 'markdown', text: visible } : undefined);
  if (tokens === undefined)
    return (
      <div class="text" dir="auto">
        {visible}
      </div>
    );
  return <div class="markdown">{blocks(model, tokens, 0)}</div>;
}

/** Without extensions the parser makes only its own kinds of tokens. */
function markedTokens(tokens: readonly Token[]): MarkedToken[] {
  return tokens as MarkedToken[];
}

function blocks(model: TimelineModel, tokens: readonly Token[], depth: number): ComponentChildren {
  return markedTokens(tokens).map((token) => {
    if (depth > MAX_DEPTH) return token.raw;
    switch (token.type) {
      case 'space':
      case 'def':
        return null;
      case 'hr':
        return <hr />;
      case 'heading': {
        const Heading = HEADINGS[token.depth] ?? 'h6';
        return <Heading dir="auto">{inlines(model, token.tokens, depth)}</Heading>;
      }
      case 'code':
        return <HighlightedCode model={model} code={token.text} language={token.lang ?? ''} />;
      case 'blockquote':
        return <blockquote>{blocks(model, token.tokens, depth + 1)}</blockquote>;
      case 'list': {
        const items = token.items.map((item) => (
          <li dir="auto" class={item.task ? 'task' : ''}>
            {item.task && (
              <span role="img" aria-label={item.checked === true ? l10n.t('Done') : l10n.t('To do')}>
                {item.checked === true ? '☑ ' : '☐ '}
              </span>
            )}
            {blocks(model, item.tokens, depth + 1)}
          </li>
        ));
        return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
      }
      case 'table':
        return <Table model={model} table={token} depth={depth} />;
      case 'paragraph':
        return <p dir="auto">{inlines(model, token.tokens, depth)}</p>;
      case 'html':
        return (
          <p class="text" dir="auto">
            {token.raw.trimEnd()}
          </p>
        );
      case 'checkbox':
        return null; // shown with its item
      default:
        return inlines(model, [token], depth);
    }
  });
}

function inlines(model: TimelineModel, tokens: readonly Token[], depth: number): ComponentChildren {
  return markedTokens(tokens).map((token) => {
    if (depth > MAX_DEPTH) return token.raw;
    switch (token.type) {
      case 'strong':
        return <strong>{inlines(model, token.tokens, depth + 1)}</strong>;
      case 'em':
        return <em>{inlines(model, token.tokens, depth + 1)}</em>;
      case 'del':
        return <del>{inlines(model, token.tokens, depth + 1)}</del>;
      case 'br':
        return <br />;
      case 'codespan': {
        const file = parseFileReference(token.text);
        return file === undefined ? (
          <code>{token.text}</code>
        ) : (
          <FilePath model={model} path={file.path} line={file.line} />
        );
      }
      case 'link':
        return <Link model={model} link={token} depth={depth} />;
      case 'escape':
        return token.text;
      case 'text':
        return token.tokens === undefined ? token.text : inlines(model, token.tokens, depth + 1);
      default:
        return token.raw; // images and HTML stay text
    }
  });
}

function Link({ model, link, depth }: { model: TimelineModel; link: Tokens.Link; depth: number }) {
  if (REMOTE.test(link.href)) {
    return (
      <a href={link.href} title={link.href} rel="noreferrer">
        {inlines(model, link.tokens, depth + 1)}
      </a>
    );
  }
  const file = parseFileReference(link.href.replace(/#L(\d+)$/, ':$1'));
  return file === undefined ? (
    <>{link.raw}</>
  ) : (
    <FilePath model={model} path={file.path} line={file.line} label={link.text} />
  );
}

function Table({ model, table, depth }: { model: TimelineModel; table: Tokens.Table; depth: number }) {
  return (
    <div class="table" tabIndex={0} role="group" aria-label={l10n.t('Table')}>
      <table>
        <thead>
          <tr>
            {table.header.map((cell) => (
              <th dir="auto" style={{ textAlign: cell.align ?? 'start' }}>
                {inlines(model, cell.tokens, depth + 1)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td dir="auto" style={{ textAlign: cell.align ?? 'start' }}>
                  {inlines(model, cell.tokens, depth + 1)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
