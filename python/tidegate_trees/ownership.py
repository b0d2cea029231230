"""Refuses fits of another installation: databases may share a namespace, and a fit id is a different fit in each."""

import asyncio
from datetime import timedelta

import psycopg
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

# The memo key that worker/installation-memo.ts sets on every run.
INSTALLATION_MEMO = "tidegateInstallation"
# The worker remembers at most this many runs that belong to its installation.
MAX_KNOWN = 10_000


def foreign(message: str, attempt: int) -> ApplicationError:
    """Makes the error for a fit of another installation.

    The retry delay grows from a second to an hour, so that a worker of the other installation can take the fit.
    """
    return ApplicationError(
        message, type="FOREIGN_INSTALLATION", next_retry_delay=timedelta(seconds=min(attempt**3, 3_600))
    )


class OwnFits(Interceptor):
    """Runs an activity only if its run belongs to this database's installation, or to one that this installation adopted."""

    def __init__(self, client: Client, database_url: str) -> None:
        self._client = client
        self._database_url = database_url
        self._known: set[str] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _OwnFitsOnly(next, self)

    async def require_own(self) -> None:
        info = activity.info()
        run = info.workflow_run_id
        if run in self._known:
            return
        description = await self._client.get_workflow_handle(info.workflow_id, run_id=run).describe()
        owner = await description.memo_value(INSTALLATION_MEMO, None)
        # Old runs have no installation in their memo; reading the fit shows whether it is in this database.
        if owner is not None:
            own, *adopted = await asyncio.to_thread(self._installations)
            if owner != own and owner not in adopted:
                raise foreign(
                    f"the run {info.workflow_id} belongs to the installation {owner}, but this database is the "
                    f"installation {own}. Give this installation a namespace of its own (TEMPORAL_NAMESPACE). Only if "
                    f"this database replaces the other, after a restore: `tidegate adopt {owner}`.",
                    info.attempt,
                )
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known.add(run)

    def _installations(self) -> list[str]:
        with psycopg.connect(
            self._database_url, autocommit=True, application_name="tidegate-trees", prepare_threshold=None
        ) as connection:
            rows = connection.execute(
                "select id::text, 0 as position from tidegate.installation "
                "union all select id::text, 1 from tidegate.adopted_installation order by position"
            ).fetchall()
            return [row[0] for row in rows]


class _OwnFitsOnly(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, own: OwnFits) -> None:
        super().__init__(next)
        self._own = own

    async def execute_activity(self, input: ExecuteActivityInput):
        await self._own.require_own()
        return await super().execute_activity(input)
