import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import type { HighlightedNode } from '../../worker/highlighter';
import type { TimelineModel } from '../../model/timelineModel';
import { CopyableBlock } from './copyButton';
import { useFormatted } from './useFormatted';
import './highlightedCode.css';

/** Longer code is shown in one colour. */
const MAX_LENGTH = 16_384;

/** Code in the theme's colours if its language is known. */
export function HighlightedCode(props: { model: TimelineModel; code: string; language: string }) {
  const { model, code, language } = props;
  const name = /^[\w+#-]+/.exec(language)?.[0].toLowerCase() ?? '';
  const isCode = name !== '' && code.length <= MAX_LENGTH;
  const nodes = useFormatted(isCode ? { kind: 'code', language: name, text: code } : undefined);
  return (
    <CopyableBlock copy={async () => await model.actions.copyText(code)}>
      <pre class="code" tabIndex={0} role="group" aria-label={name === '' ? l10n.t('Code') : l10n.t('Code, {0}', name)}>
        {nodes === undefined ? code : elements(nodes)}
      </pre>
    </CopyableBlock>
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
