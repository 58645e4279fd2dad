import * as l10n from '@vscode/l10n';
import { useEffect, useState } from 'preact/hooks';
import { isPictureType } from '../../../src/common/pictures/pictureType';
import { visibleText } from '../../../src/common/visibleText';
import type { Picture } from '../../../src/storage/events';
import type { EventOf } from './cardProps';
import { formatSize } from '../../shared/numbers';
import { joinParts } from '../../shared/plainText';
import type { TimelineModel } from '../model/timelineModel';
import './pictures.css';

type EventWithPictures = EventOf<'message'> | EventOf<'tool.result'>;

/** The pictures of an event: each is fetched when its row is shown, and can be opened. */
export function Pictures({ model, event }: { model: TimelineModel; event: EventWithPictures }) {
  const attached = event.kind === 'message' ? (event.data.attachments ?? []) : [];
  const pictures = [...(event.data.pictures ?? []), ...attached.filter(({ mediaType }) => isPictureType(mediaType))];
  const files = attached.filter(({ mediaType }) => !isPictureType(mediaType));
  if (pictures.length + files.length === 0) return null;
  return (
    <div class="pictures">
      {pictures.map((picture, index) => (
        <PictureCard key={index} model={model} event={event} picture={picture} index={index} />
      ))}
      {files.map(({ id, name, bytes }) => (
        <div key={id} class="attached-file">
          {joinParts([visibleText(name), formatSize(bytes)])}
        </div>
      ))}
    </div>
  );
}

function PictureCard(props: {
  model: TimelineModel;
  event: EventWithPictures;
  picture: Pick<Picture, 'mediaType' | 'bytes'> & { name?: string };
  index: number;
}) {
  const { model, event, picture, index } = props;
  const { runId, seq } = event;
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    let isShown = true;
    void model.actions.loadPicture({ runId, seq }, index).then((loaded) => {
      if (isShown) setAddress(loaded);
    });
    return () => {
      isShown = false;
    };
  }, [runId, seq, index]);
  const kind = picture.mediaType.replace(/^image\//, '').toUpperCase();
  const label = joinParts([
    picture.name === undefined ? l10n.t('Picture') : visibleText(picture.name),
    kind,
    formatSize(picture.bytes),
  ]);
  return (
    <figure class="picture">
      {address !== undefined && <img src={address} alt={label} />}
      <figcaption class="faint">
        {label}{' '}
        <button type="button" class="link" onClick={() => void model.actions.openPicture({ runId, seq }, index)}>
          {l10n.t('Open in editor')}
        </button>
      </figcaption>
    </figure>
  );
}
