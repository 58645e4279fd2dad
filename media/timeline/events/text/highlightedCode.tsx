import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { HighlightedNode } from './highlighter';
import './highlightedCode.css';

/** Longer code is shown in one colour. */
const MAX_LENGTH = 16_384;

/** Code in the theme's colours if its language is known. The highlighter is loaded when it is first needed. */
export function HighlightedCode({ code, language }: { code: string; language: string }) {
  const name = /^[\w+#-]+/.exec(language)?.[0].toLowerCase() ?? '';
  const [nodes, setNodes] = useState<readonly HighlightedNode[]>();
  useEffect(() => {
    if (name === '' || code.length > MAX_LENGTH) return;
    let isWanted = true;
    import('./highlighter').then(
      ({ highlight }) => {
        if (isWanted) setNodes(highlight(name, code));
      },
      () => undefined, // the code stays in one colour
    );
    return () => {
      isWanted = false;
      setNodes(undefined);
    };
  }, [code, name]);
  return (
    <pre class="code" tabIndex={0} role="group" aria-label={name === '' ? l10n.t('Code') : l10n.t('Code, {0}', name)}>
      {nodes === undefined ? code : elements(nodes)}
    </pre>
  );
}

function elements(nodes: readonly HighlightedNode[]): ComponentChildren {
  return nodes.map((node) => {
    if (node.type === 'text') return node.value;
    if (node.type !== 'element') return null;
    const { className } = node.properties;
    return <span class={Array.isArray(className) ? className.join(' ') : ''}>{elements(node.children)}</span>;
  });
}
