"""One flight per key, and the memory above the disk."""

import threading

import numpy as np
import pytest

from cache.disk import Disk
from cache.levels import Cache, Flight
from engine.model import ConvergenceError, ParameterError


class Cancelled(BaseException):
    """As Streamlit's: not an Exception."""


@pytest.fixture
def levels():
    return Cache(Disk(None, 2**20), 2**20)


@pytest.fixture
def wait_until_following(monkeypatch):
    """Wait until so many threads wait for another's flight."""
    arrived, follow = threading.Semaphore(0), Flight.follow

    def counted(flight, progress):
        arrived.release()
        follow(flight, progress)

    def wait(number):
        for _ in range(number):
            assert arrived.acquire(timeout=60)

    monkeypatch.setattr(Flight, "follow", counted)
    return wait


class Crowd:
    """Threads that ask at the same time; `answers` are values or what was raised."""

    def __init__(self, *asks):
        self.answers = [None] * len(asks)
        self.threads = [threading.Thread(target=self._ask, args=(i, ask)) for i, ask in enumerate(asks)]
        for thread in self.threads:
            thread.start()

    def _ask(self, i, ask):
        try:
            self.answers[i] = ask()
        except BaseException as error:
            self.answers[i] = error

    def join(self):
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        return self.answers


class Gate:
    """A computation that stops where the test wants it."""

    def __init__(self, *outcomes):
        self.outcomes, self.started, self.go, self.runs = list(outcomes), threading.Event(), threading.Event(), 0

    def __call__(self, report):
        self.runs += 1
        outcome = self.outcomes.pop(0)
        self.started.set()
        assert self.go.wait(60)
        report(0.5)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def leave(fraction):
    raise Cancelled


@pytest.mark.parametrize("on_disk", [False, True])
def test_ten_threads_one_computation(tmp_path, wait_until_following, on_disk):
    levels = Cache(Disk(tmp_path / "store" if on_disk else None, 2**20), 2**20)
    gate = Gate({"y": np.arange(3.0)})
    leader = Crowd(lambda: levels.remember("key", gate))
    gate.started.wait(60)
    followers = Crowd(*[lambda: levels.remember("key", gate)] * 9)
    wait_until_following(9)
    gate.go.set()
    answers = leader.join() + followers.join()
    assert gate.runs == 1
    assert all(answer["y"].tolist() == [0, 1, 2] for answer in answers)
    assert len({id(answer) for answer in answers}) == 10
    status = levels.status()
    assert (status.misses, status.hits) == (1, 9)


def test_ten_threads_without_either_level_one_computation(wait_until_following):
    levels = Cache(Disk(None, 1), 0)
    gate = Gate(7)
    leader = Crowd(lambda: levels.remember("key", gate))
    gate.started.wait(60)
    followers = Crowd(*[lambda: levels.remember("key", gate)] * 9)
    wait_until_following(9)
    gate.go.set()
    assert leader.join() + followers.join() == [7] * 10
    assert gate.runs == 1


def test_memo_is_one_flight_too(levels, wait_until_following):
    runs, started, go = [], threading.Event(), threading.Event()

    def compute():
        runs.append(1)
        started.set()
        assert go.wait(60)
        return [1]

    leader = Crowd(lambda: levels.memo("key", compute))
    started.wait(60)
    followers = Crowd(*[lambda: levels.memo("key", compute)] * 9)
    wait_until_following(9)
    go.set()
    assert leader.join() + followers.join() == [[1]] * 10
    assert len(runs) == 1
    assert levels.remember("key", lambda report: "apart from memo") == "apart from memo"


def test_different_keys_do_not_wait_for_each_other(levels):
    gate = Gate(1)
    leader = Crowd(lambda: levels.remember("slow", gate))
    gate.started.wait(60)
    assert levels.remember("quick", lambda report: 2) == 2
    gate.go.set()
    assert leader.join() == [1]


@pytest.mark.parametrize("failure", [Cancelled(), RuntimeError("lost")])
def test_when_the_leader_fails_a_follower_takes_over(levels, wait_until_following, failure):
    gate = Gate(failure, "value")
    leader = Crowd(lambda: levels.remember("key", gate))
    gate.started.wait(60)
    followers = Crowd(*[lambda: levels.remember("key", gate)] * 4)
    wait_until_following(4)
    gate.go.set()
    assert leader.join() == [failure]
    assert followers.join() == ["value"] * 4
    assert gate.runs == 2


def test_the_leader_cancels_only_itself(levels, wait_until_following):
    gate = Gate("lost", "value")
    leader = Crowd(lambda: levels.remember("key", gate, leave))
    gate.started.wait(60)
    followers = Crowd(*[lambda: levels.remember("key", gate, lambda fraction: None)] * 4)
    wait_until_following(4)
    gate.go.set()
    assert isinstance(leader.join()[0], Cancelled)
    assert followers.join() == ["value"] * 4
    assert gate.runs == 2


def test_a_follower_leaves_while_the_leader_works(levels):
    gate = Gate("value")
    leader = Crowd(lambda: levels.remember("key", gate))
    gate.started.wait(60)
    with pytest.raises(Cancelled):
        levels.remember("key", gate, leave)
    gate.go.set()
    assert leader.join() == ["value"]
    assert gate.runs == 1


def test_followers_see_the_progress_of_the_leader(levels):
    seen, seen_enough, started = [], threading.Event(), threading.Event()

    def compute(report):
        report(0.25)
        started.set()
        assert seen_enough.wait(60)
        return 1

    def watch(fraction):
        seen.append(fraction)
        if len(seen) == 3:
            seen_enough.set()

    own = []
    leader = Crowd(lambda: levels.remember("key", compute, own.append))
    started.wait(60)
    follower = Crowd(lambda: levels.remember("key", compute, watch))
    assert leader.join() + follower.join() == [1, 1]
    assert own == [0.25]
    assert set(seen) == {0.25}


@pytest.mark.parametrize("error", [ConvergenceError("no fixed point"), ParameterError("x", 3, "x must not be 3")])
def test_an_error_of_the_engine_reaches_all_and_is_not_kept(levels, wait_until_following, error):
    gate = Gate(error, "value")
    leader = Crowd(lambda: levels.remember("key", gate))
    gate.started.wait(60)
    followers = Crowd(*[lambda: levels.remember("key", gate)] * 4)
    wait_until_following(4)
    gate.go.set()
    answers = leader.join() + followers.join()
    assert all(type(answer) is type(error) and str(answer) == str(error) for answer in answers)
    assert len({id(answer) for answer in answers}) == 5
    assert levels.remember("key", gate) == "value"


def test_errors_are_not_kept(levels):
    gate = Gate(RuntimeError("lost"), "value")
    gate.go.set()
    with pytest.raises(RuntimeError):
        levels.remember("key", gate)
    assert levels.remember("key", gate) == "value"
    assert levels.status().memory_entries == 1
    assert levels._flights == {}


def test_computed_and_remembered_values_are_alike(tmp_path):
    source = {"y": np.arange(4.0)}
    levels = Cache(Disk(tmp_path / "store", 2**20), 2**20)
    again = Cache(Disk(tmp_path / "store", 2**20), 2**20)
    answers = [levels.remember("key", lambda report: source), levels.remember("key", None), again.remember("key", None)]
    source["y"][0] = 99
    for answer in answers:
        assert answer["y"].tolist() == [0, 1, 2, 3]
        with pytest.raises(ValueError, match="read-only"):
            answer["y"][0] = 1
        answer.clear()
    assert levels.remember("key", None)["y"].tolist() == [0, 1, 2, 3]
    assert (levels.status().memory_hits, again.status().disk_hits) == (2, 1)


def test_memory_is_bounded_and_keeps_the_most_recently_used(levels):
    levels.memory_limit = 10_000
    for i in range(100):
        levels.memo(i, lambda: np.zeros(200))
        levels.memo(0, lambda: pytest.fail("it was used all the time"))
        assert levels.status().memory_bytes <= 10_000
    assert levels.status().memory_entries in (4, 5, 6)
    levels.memo(99, lambda: pytest.fail("it was the last"))
    with pytest.raises(LookupError):
        levels.memo(50, lambda: {}["gone"])


def test_a_value_beyond_the_bound_displaces_nothing(levels):
    levels.memory_limit = 10_000
    levels.memo("small", lambda: 1)
    assert len(levels.memo("large", lambda: np.zeros(10_000))) == 10_000
    assert levels.memo("small", lambda: 2) == 1


def test_clear(tmp_path):
    levels = Cache(Disk(tmp_path / "store", 2**20), 2**20)
    levels.remember("key", lambda report: 1)
    levels.clear()
    status = levels.status()
    assert (status.memory_entries, status.memory_bytes, status.disk_entries, status.disk_bytes) == (0, 0, 0, 0)
    assert levels.remember("key", lambda report: 2) == 2


def test_a_storm_of_keys(tmp_path):
    levels = Cache(Disk(tmp_path / "store", 30_000), 5_000)

    def ask(seed):
        random = np.random.default_rng(seed)
        return [(key, levels.remember(key, lambda report, key=key: np.full(40, key))[-1]) for key in random.integers(0, 60, 300).tolist()]

    for answers in Crowd(*[lambda seed=seed: ask(seed) for seed in range(8)]).join():
        assert all(key == value for key, value in answers)
    assert levels.status().memory_bytes <= 5_000
    assert levels._flights == {}
