import type { PermissionOption, Usage } from '../../../src/storage/events';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import type { IconName } from '../../shared/icons';
import { Markdown } from './markdown';
import { oneLine, formatNumber, visibleText } from '../../shared/plainText';
import { CodeBlock, CutNotice, Fold } from './textBlocks';
import type { TimelineModel } from '../timelineModel';
import { FileChangeCard, PermissionRequestCard, ToolCallCard, ToolResultCard, answerText } from './toolCards';
import './eventCard.css';

const ROLE_NAMES = { user: 'You', assistant: 'Agent', system: 'System' } as const;
const PLAN_SYMBOLS = { pending: '○', in_progress: '◐', completed: '●' } as const;
const PLAN_LABELS = { pending: 'To do', in_progress: 'At work', completed: 'Done' } as const;
const NO_OPTIONS: PermissionOption[] = [];

/** What the event is, in two or three words: the start of its name for a screen reader. */
export function nameOf(event: TimelineEvent): string {
  switch (event.kind) {
    case 'message':
      return event.data.role === 'user' ? 'Your message' : `${ROLE_NAMES[event.data.role]} message`;
    case 'tool.call':
      return `Tool call ${oneLine(event.data.title, 80)}`;
    case 'tool.result':
      return `Tool result ${event.data.status}`;
    case 'file.change':
      return `File ${event.data.change} ${oneLine(event.data.path, 80)}`;
    case 'permission.request':
      return `Permission request ${oneLine(event.data.title, 80)}`;
    case 'turn.started':
      return `Turn ${String(event.data.turn)}`;
    default:
      return event.kind.replaceAll('.', ' ');
  }
}

export function iconOf(event: TimelineEvent): IconName | undefined {
  switch (event.kind) {
    case 'message':
      return event.data.role;
    case 'reasoning':
      return 'think';
    case 'tool.call':
      return event.data.category;
    case 'file.change':
      return 'edit';
    case 'plan':
      return 'plan';
    case 'permission.request':
    case 'permission.answer':
      return 'permission';
    case 'error':
      return 'error';
    case 'snapshot':
      return 'snapshot';
    case 'run.started':
    case 'run.exited':
      return 'run';
    case 'turn.ended':
    case 'usage':
      return 'usage';
    case 'output':
      return 'execute';
    case 'agent.session':
    case 'status':
      return 'system';
    case 'tool.result':
    case 'turn.started':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** `12.3k in · 400 out · 9k cached · $0.12`; '' where nothing is known. */
export function usageText({ inputTokens, outputTokens, cachedTokens, costUsd }: Usage): string {
  const parts: string[] = [];
  if (inputTokens !== undefined) parts.push(`${formatNumber(inputTokens)} in`);
  if (outputTokens !== undefined) parts.push(`${formatNumber(outputTokens)} out`);
  if (cachedTokens !== undefined && cachedTokens > 0) parts.push(`${formatNumber(cachedTokens)} cached`);
  if (costUsd !== undefined && costUsd > 0) parts.push(`$${costUsd.toFixed(costUsd < 0.1 ? 4 : 2)}`);
  return parts.join(' · ');
}

/** What an event says. Text nodes only: nothing of an agent's text becomes markup. */
export function EventCard({ model, event, isLive }: { model: TimelineModel; event: TimelineEvent; isLive: boolean }) {
  switch (event.kind) {
    case 'message':
      return (
        <>
          <div class="line faint">{ROLE_NAMES[event.data.role]}</div>
          {event.data.role === 'assistant' ? (
            <Markdown model={model} text={event.data.text} />
          ) : (
            <div class="text" dir="auto">
              {visibleText(event.data.text)}
            </div>
          )}
          <CutNotice model={model} event={event} field="text" shownLength={event.data.text.length} />
        </>
      );
    case 'reasoning':
      return (
        <Fold
          model={model}
          event={event}
          name="reasoning"
          summary={
            <span class="faint italic" dir="auto">
              {oneLine(event.data.text, 200) || 'Reasoning'}
            </span>
          }
        >
          <div class="text faint" dir="auto">
            {visibleText(event.data.text)}
          </div>
          <CutNotice model={model} event={event} field="text" shownLength={event.data.text.length} />
        </Fold>
      );
    case 'tool.call':
      return <ToolCallCard model={model} event={event} isLive={isLive} />;
    case 'tool.result':
      return <ToolResultCard model={model} event={event} />;
    case 'file.change':
      return <FileChangeCard model={model} event={event} />;
    case 'permission.request':
      return <PermissionRequestCard model={model} event={event} />;
    case 'permission.answer':
      return <div class="line">{answerText(event.data, NO_OPTIONS)}</div>;
    case 'plan':
      return (
        <>
          <div class="line faint">Plan</div>
          <ul class="plan">
            {event.data.entries.map(({ text, status }) => (
              <li class={`plan-${status}`}>
                <span class="plan-symbol" role="img" aria-label={PLAN_LABELS[status]}>
                  {PLAN_SYMBOLS[status]}
                </span>
                <span dir="auto">{visibleText(text)}</span>
              </li>
            ))}
          </ul>
        </>
      );
    case 'error':
      return (
        <>
          <div class="text error-text" dir="auto">
            {visibleText(event.data.message)}
          </div>
          <CutNotice model={model} event={event} field="message" shownLength={event.data.message.length} />
          {(event.data.code !== undefined || event.data.retrying === true) && (
            <div class="faint">
              {[event.data.code, event.data.retrying === true ? 'the agent tries again' : undefined]
                .filter((part) => part !== undefined)
                .map((part) => oneLine(part))
                .join(' · ')}
            </div>
          )}
        </>
      );
    case 'output':
      return (
        <CodeBlock
          model={model}
          event={event}
          field="text"
          text={event.data.text}
          label={`Output on ${event.data.stream}`}
          look="terminal"
        />
      );
    case 'usage':
      return <div class="line faint">{usageText(event.data) || 'Usage not told'}</div>;
    case 'snapshot':
      return (
        <div class="line faint">
          Snapshot of the worktree <code>{oneLine(event.data.commit, 10)}</code>
          <button
            type="button"
            class="link"
            disabled={model.lostSinceMs !== undefined}
            onClick={() => void model.showSnapshot(event.data.commit)}
          >
            Files at this moment
          </button>
        </div>
      );
    case 'status':
      return (
        <div
          class="line faint"
          dir="auto"
        >{`${event.data.from} → ${event.data.to}: ${oneLine(event.data.reason)}`}</div>
      );
    case 'agent.session':
      return (
        <div class="line faint" dir="auto">
          {['Session', event.data.nativeSessionId, event.data.model, event.data.version, event.data.permissionMode]
            .filter((part) => part !== undefined)
            .map((part) => oneLine(part, 80))
            .join(' · ')}
        </div>
      );
    case 'turn.started':
      return (
        <div class="separator">
          <span>{`Turn ${String(event.data.turn)}`}</span>
        </div>
      );
    case 'turn.ended':
      return (
        <>
          <div class={`line ${event.data.failed ? 'error-text' : 'faint'}`}>
            {[
              `Turn ${String(event.data.turn)} ${event.data.failed ? 'failed' : 'ended'}`,
              oneLine(event.data.stopReason, 80),
              event.data.usage === undefined ? '' : usageText(event.data.usage),
            ]
              .filter((part) => part !== '')
              .join(' · ')}
          </div>
          {event.data.message !== undefined && event.data.message !== '' && (
            <div class="text" dir="auto">
              {visibleText(event.data.message)}
            </div>
          )}
        </>
      );
    case 'run.started':
      return (
        <Fold
          model={model}
          event={event}
          name="started"
          summary={<strong>{`Run ${String(event.data.ordinal)} started · ${oneLine(event.data.agent, 60)}`}</strong>}
        >
          <CodeBlock
            model={model}
            event={event}
            field="argv"
            text={[...event.data.argv, '', `in ${event.data.cwd}`].join('\n')}
            label="Command"
          />
        </Fold>
      );
    case 'run.exited': {
      const { outcome, exitCode, signal, reason } = event.data;
      const how = [
        exitCode === null ? undefined : `exit code ${String(exitCode)}`,
        signal === null ? undefined : signal,
      ].filter((part) => part !== undefined);
      return (
        <>
          <div class="line">
            <strong class={outcome === 'completed' ? '' : 'error-text'}>{`Run ended: ${outcome}`}</strong>
            <span class="faint">{how.map((part) => oneLine(part)).join(' · ')}</span>
          </div>
          {reason !== '' && (
            <div class="text" dir="auto">
              {visibleText(reason)}
            </div>
          )}
        </>
      );
    }
    default:
      return event satisfies never;
  }
}
