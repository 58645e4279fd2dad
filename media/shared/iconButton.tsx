import { Icon } from './icons';
import type { IconName } from './icons';
import './iconButton.css';

interface IconButtonProps {
  icon: IconName;
  label: string;
  testId?: string;
  disabled: boolean;
  /** Of a button that opens something: whether it is open. */
  expanded?: boolean;
  onClick: () => void;
}

export function IconButton({ icon, label, testId, disabled, expanded, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      data-testid={testId}
      disabled={disabled}
      aria-expanded={expanded}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
