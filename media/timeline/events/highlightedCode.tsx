import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { HighlightedNode } from './highlighter';
import './highlightedCode.css';

/** More code than this is shown in one colour. */
const MAX_LENGTH = 16_384;

/** Code in the colours of the theme, as far as its language is known. What knows languages is loaded with the first code that has one. */
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
      () => undefined, // it stays in one colour
    );
    return () => {
      isWanted = false;
      setNodes(undefined);
    };
  }, [code, name]);
  return (
    <pre class="code" tabIndex={0} role="group" aria-label={name === '' ? 'Code' : `Code, ${name}`}>
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
