import { Icon } from '../../shared/icons';
import type { IconName } from '../../shared/icons';
import './iconButton.css';

interface IconButtonProps {
  icon: IconName;
  label: string;
  testId?: string;
  disabled: boolean;
  onClick: () => void;
}

export function IconButton({ icon, label, testId, disabled, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      data-testid={testId}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
