"""What must hold before MILA starts: one start per data folder, a free port, a current database."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.starting import Alone, CannotStartError, answers, migrate_if_needed, require_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class TestPort:
    def test_a_taken_port_is_told_with_the_way_out(self, taken: int) -> None:
        with pytest.raises(CannotStartError) as problem:
            require_port("127.0.0.1", taken)
        assert str(problem.value) == (
            f"Port {taken} is in use by another program; use make run PORT={taken + 1}"
        )

    def test_a_free_port_is_fine_and_stays_free(self, free: int) -> None:
        require_port("127.0.0.1", free)
        require_port("127.0.0.1", free)

    def test_a_port_that_orphans_still_hold_is_waited_for(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        ending = threading.Timer(0.2, listener.close)
        ending.start()
        require_port("127.0.0.1", port, wait=10)
        ending.join()

    @pytest.mark.parametrize(
        ("host", "port", "said"),
        [
            ("127.0.0.1", 70000, "70000 is no port"),
            ("not an address", 8000, "is no address of this machine"),
            ("192.0.2.1", 8000, "Cannot listen on 192.0.2.1:8000"),
        ],
    )
    def test_a_wrong_address_is_a_sentence(self, host: str, port: int, said: str) -> None:
        with pytest.raises(CannotStartError, match=said):
            require_port(host, port)


class TestAlone:
    def test_a_second_start_on_the_folder_is_told_where_the_first_runs(
        self, tmp_path: Path
    ) -> None:
        second = Alone(tmp_path, "http://localhost:8001/")
        with (
            Alone(tmp_path, "http://localhost:8000/").held(),
            pytest.raises(CannotStartError, match=r"runs .* at http://localhost:8000/"),
            second.held(wait=0),
        ):
            pass
        with second.held(wait=0):
            assert not second.after_a_kill

    def test_it_waits_longer_for_one_that_is_stopping(self, tmp_path: Path) -> None:
        first, second = Alone(tmp_path, "there"), Alone(tmp_path, "here")
        with first.held():
            first.stopping()
            with (
                pytest.raises(CannotStartError, match="still stopping"),
                second.held(wait=0, stopping=0.2),
            ):
                pass

    def test_it_knows_that_the_last_start_was_killed(self, tmp_path: Path) -> None:
        (tmp_path / "run.lock").write_text("http://localhost:8000/")  # nobody holds it
        alone = Alone(tmp_path, "here")
        with alone.held():
            assert alone.after_a_kill

    def test_an_orderly_end_is_no_kill_also_after_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStartError), Alone(tmp_path, "here").held():
            raise CannotStartError
        again = Alone(tmp_path, "here")
        with again.held():
            assert not again.after_a_kill


@pytest.mark.django_db
def test_a_current_database_is_left_alone() -> None:
    said: list[str] = []
    migrate_if_needed(said.append)
    assert said == []


class TestAnswers:
    def test_nobody_there(self, free: int) -> None:
        assert not answers("127.0.0.1", free)

    def test_any_http_answer_counts(self) -> None:
        class Refuses(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(400)

            def log_message(self, *_: object) -> None: ...

        with HTTPServer(("127.0.0.1", 0), Refuses) as server:
            threading.Thread(target=server.handle_request, daemon=True).start()
            assert answers("", server.server_port)  # HOST= means every address
