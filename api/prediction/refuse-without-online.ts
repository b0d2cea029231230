// Refuses to look an entity up in a model that keeps no online rows.
import { keepsOnline, type ModelDefinition } from '../../domain/model/definition.ts';
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
