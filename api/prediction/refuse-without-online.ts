// Refuses to look an entity up in a model that keeps no online rows.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { keepsOnline } from '../../domain/features/online.ts';
import { TidegateError } from '../../domain/errors.ts';

/** @throws TidegateError ONLINE_OFF where the definition says `online: 'off'` */
export function refuseWithoutOnline({
  model,
  definition,
}: {
  readonly model: string;
  readonly definition: ModelDefinition;
}): void {
  if (keepsOnline(definition)) return;
  throw new TidegateError(
    'ONLINE_OFF',
    `${model} keeps no online rows (online: 'off'), so nothing can be looked up by key`,
  );
}
