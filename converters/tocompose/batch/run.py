"""A run over many repositories: what is done already is kept, the rest goes to the workers, each result is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.batch.convert import Job
from tocompose.batch.delivery import was_refused
from tocompose.batch.intent import close_intents, finish_intents, forget_intent
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import BatchRepository, RepositoryOutcome, Status
from tocompose.batch.pool import Pool
from tocompose.batch.state import RunState
from tocompose.record import NamedTuple


class Progress(NamedTuple):
    """One result as it ends; `from_earlier_run` says that an earlier run brought it."""

    outcome: RepositoryOutcome
    from_earlier_run: bool


class Batch:
    """A run: repositories, options, and the state that its results go into."""

    def __init__(
        self,
        repositories: Iterable[BatchRepository],
        options: BatchOptions,
        state: RunState,
        *,
        retry_failed: bool = False,
    ) -> None:
        self.repositories = tuple(repositories)
        self.options = options
        self.state = state
        self._retry_failed = retry_failed

    def run(self, jobs: int, on_end: Callable[[Progress], bool]) -> None:
        """Converts everything with that many processes; `on_end` is told of each result in the order in which they
        end, and stops the run by returning False."""
        self._finish_interrupted()
        pool = Pool(jobs, self.options.memory)
        for job, outcome in pool.run(map(self._make_job, self.repositories)):
            from_earlier_run = outcome is None
            result = self.state.read(job.repository.id) if outcome is None else outcome
            if outcome is not None:
                self._record_outcome(outcome)
            if not on_end(Progress(result, from_earlier_run)):
                pool.close()
                return
        close_intents(self.options.output)

    def outcomes(self) -> Iterator[RepositoryOutcome]:
        """The results in the order of the repositories; those that have none yet are left out."""
        for repository in self.repositories:
            if repository.id in self.state:
                yield self.state.read(repository.id)

    def _finish_interrupted(self) -> None:
        """Writes what an interrupted run was about to write, as if it had not been interrupted."""
        if self.options.output_mode is not OutputMode.IN_PLACE or self.options.dry_run:
            return
        repository_ids = {repository.id for repository in self.repositories}
        for outcome in finish_intents(self.options.output, self.options.force):
            identity = outcome.repository.id
            # The run may have been killed between the line of its state and the end of the intent.
            if identity in repository_ids and self.state.earlier(identity) != outcome:
                self._record_outcome(outcome)
            forget_intent(self.options.output, outcome.repository.id)

    def _record_outcome(self, outcome: RepositoryOutcome) -> None:
        self.state.append(outcome)
        if self.options.output_mode is OutputMode.IN_PLACE and not self.options.dry_run:
            forget_intent(self.options.output, outcome.repository.id)

    def _make_job(self, repository: BatchRepository) -> Job:
        earlier = self.state.earlier(repository.id)
        if earlier is None or self._is_retried(earlier):
            written = (
                self.state.read(repository.id).written
                if repository.id in self.state
                else {}
            )
            return Job(repository, self.options, written=written)
        return Job(repository, self.options, earlier.fingerprint, earlier.written)

    def _is_retried(self, earlier: RepositoryOutcome) -> bool:
        """Whether a result is not to be kept: a failure that the user wants tried again, or that --force resolves."""
        if earlier.status is not Status.FAILED:
            return False
        return self._retry_failed or (self.options.force and was_refused(earlier.notes))
