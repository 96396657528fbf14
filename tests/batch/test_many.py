"""`convert_many` on the executors that people have: none, processes, threads, and a Dask cluster."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from batch.generator import generate
from batch.runs import SCRIPT, make
from tocompose.batch import (
    BatchOptions,
    OutputMode,
    RepositoryOutcome,
    Status,
    convert_many,
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("many")
    return [folder / name for name in generate(folder, 24)]


@pytest.fixture(scope="module")
def here(paths: list[Path]) -> list[RepositoryOutcome]:
    return list(convert_many(paths))


def test_without_an_executor(paths: list[Path], here: list[RepositoryOutcome]) -> None:
    assert [item.repository.path for item in here] == [str(path) for path in paths]
    converted = [item for item in here if item.status is Status.CONVERTED]
    assert len(converted) > 15
    assert all(
        any(file.path.endswith("docker-compose.yml") for file in item.files)
        for item in converted
    )


def test_threads(paths: list[Path], here: list[RepositoryOutcome]) -> None:
    with ThreadPoolExecutor(3) as executor:
        assert list(convert_many(paths, executor=executor, window=5)) == here


@pytest.mark.slow
def test_processes(paths: list[Path], here: list[RepositoryOutcome]) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert list(convert_many(paths, executor=executor)) == here


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[2] / "converters"), os.environ.get("PYTHONPATH", "")]
    )
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
def test_a_dask_cluster(
    client: Any, paths: list[Path], here: list[RepositoryOutcome]
) -> None:
    executor = client.get_executor(pure=False)
    assert isinstance(executor, Executor)
    assert list(convert_many(paths, executor=executor)) == here
    loaded = client.run(lambda: (os.getpid(), "tocompose.batch.convert" in sys.modules))
    assert len(loaded) == 2 and all(
        process != os.getpid() and done for process, done in loaded.values()
    )


def test_a_dask_cluster_writes_what_it_makes(client: Any, tmp_path: Path) -> None:
    folder = make(tmp_path / "a", {"run.sh": SCRIPT})
    options = BatchOptions(output_mode=OutputMode.TREE, output=str(tmp_path / "out"))
    (outcome,) = convert_many([folder], options, executor=client.get_executor(pure=False))
    assert outcome.files == () and outcome.written
    assert all((tmp_path / "out" / path).is_file() for path in outcome.written)


class Broken(Executor):
    """An executor whose workers are gone."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("gone"))
        return future


def test_an_engine_that_gives_up_is_a_note(paths: list[Path]) -> None:
    found = list(convert_many(paths[:3], executor=Broken()))
    assert [[item.code for item in outcome.notes] for outcome in found] == [["TC804"]] * 3


@pytest.mark.slow
def test_results_come_as_they_are_asked_for(paths: list[Path]) -> None:
    class Counting(ThreadPoolExecutor):
        given = 0

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self.given += 1
            return super().submit(fn, *args, **kwargs)

    with Counting(1) as executor:
        stream = convert_many(paths, executor=executor, window=4)
        next(stream)
        assert executor.given == 4
