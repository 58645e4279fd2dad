import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';

const highlighter = createLowlight({
  bash,
  c,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  python,
  rust,
  shell,
  sql,
  typescript,
  xml,
  yaml,
});
highlighter.registerAlias({
  c: ['cpp', 'c++', 'cc', 'hpp'],
  css: ['scss', 'less'],
  javascript: ['jsonc'],
  java: ['kotlin', 'kt', 'csharp', 'cs'],
  xml: ['vue', 'svelte'],
});

export type HighlightedNode = ReturnType<typeof highlighter.highlight>['children'][number];

/** The highlighted parts of `code`, or undefined if the language is unknown. */
export function highlight(language: string, code: string): readonly HighlightedNode[] | undefined {
  return highlighter.registered(language) ? highlighter.highlight(language, code).children : undefined;
}
