// People who sign in with an OpenID Connect issuer.
import { sql } from 'kysely';
import { printableName } from '../../domain/decisions/written-text.ts';
import { type Database } from '../postgres/database.ts';

/** Who an issuer says somebody is. */
export interface IssuerPerson {
  readonly issuer: string;
  readonly subject: string;
  /** The name that the issuer gives; need not be unique. */
  readonly name: string;
}

/**
 * Records a person at their first sign-in. They keep the name of that day. If somebody else has the name, the subject is
 * added to it, because records name people.
 */
export async function recordIssuerPerson(
  { kysely }: Pick<Database, 'kysely'>,
  { issuer, subject, name }: IssuerPerson,
): Promise<void> {
  const plain = printableName(name).trim().slice(0, 80) || 'somebody';
  const unique = printableName(`${plain} (${subject.slice(0, 60)} of ${new URL(issuer).host.slice(0, 40)})`);
  for (const each of plain.toLowerCase() === 'unverified' ? [unique] : [plain, unique]) {
    const { rows } = await sql<{ id: number }>`
      insert into tidegate.principal (kind, name, issuer, subject) values ('person', ${each}, ${issuer}, ${subject})
      on conflict do nothing returning id`.execute(kysely);
    if (rows.length > 0) return;
    const known = await kysely
      .selectFrom('tidegate.principal')
      .select('id')
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst();
    if (known) return;
  }
}
