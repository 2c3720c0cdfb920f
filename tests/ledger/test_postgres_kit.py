"""The kit's own promises: real roles, databases that know nothing of each other, a server that comes back."""

from __future__ import annotations

import psycopg
import pytest

from tests.kit.postgres import APPLICATION, OWNER, Cluster, Given, Place, needed


def test_each_database_is_its_own_and_the_roles_are_plain(cluster: Cluster, postgres: Place) -> None:
    with psycopg.connect(postgres.owner) as owner:
        owner.execute("CREATE TABLE public.only_here (n int)")
    other = cluster.database()
    with psycopg.connect(other.owner) as owner:
        found = owner.execute("SELECT to_regclass('public.only_here')").fetchone()
        assert found == (None,)
    cluster.drop(other)
    for url, role in ((postgres.url, APPLICATION), (postgres.owner, OWNER), (postgres.tcp, APPLICATION)):
        with psycopg.connect(url) as connection:
            query = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
            assert connection.execute(query).fetchone() == (role, False)
    with psycopg.connect(postgres.url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("INSERT INTO public.only_here VALUES (1)")


def test_a_template_is_prepared_once(cluster: Cluster) -> None:
    prepared: list[Place] = []

    def prepare(place: Place) -> None:
        prepared.append(place)
        with psycopg.connect(place.owner) as owner:
            owner.execute("CREATE TABLE public.was_prepared (n int)")

    for place in (cluster.database("test-kit", prepare), cluster.database("test-kit", prepare)):
        with psycopg.connect(place.owner) as owner:
            assert owner.execute("SELECT count(*) FROM public.was_prepared").fetchone() == (0,)
        cluster.drop(place)
    assert len(prepared) == 1


@pytest.mark.crash
def test_what_was_committed_outlives_a_killed_server() -> None:
    needed()
    cluster = Cluster(durable=True)
    try:
        place = cluster.database()
        with psycopg.connect(place.owner) as owner:
            owner.execute("CREATE TABLE public.kept (n int)")
        owner = psycopg.connect(place.owner)
        owner.execute("INSERT INTO public.kept VALUES (1)")  # never committed
        cluster.kill()
        with pytest.raises(psycopg.OperationalError):
            owner.commit()
        owner.close()
        cluster.start()
        with psycopg.connect(place.owner) as owner:
            assert owner.execute("SELECT count(*) FROM public.kept").fetchone() == (0,)
    finally:
        cluster.close()


def test_a_given_server_serves_as_well_unless_its_roles_are_somebody_s() -> None:
    needed()
    server = Cluster()
    try:
        with server.admin() as admin:
            admin.execute(f"DROP ROLE {OWNER}, {APPLICATION}")
            admin.execute("ALTER ROLE postgres PASSWORD 'known'")
        given = [Given(f"postgresql://postgres:known@127.0.0.1:{server.port}/postgres") for _ in range(2)]
        given[0]._made = 50  # processes name their databases by their ids
        places = [one.database() for one in given]  # of two test processes: neither shuts the other out
        for one, place in zip(given, places, strict=True):
            with psycopg.connect(place.url) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (APPLICATION,)
            one.drop(place)
            one.close()
        with server.admin() as admin:
            admin.execute(f"COMMENT ON ROLE {OWNER} IS 'production'")
        with pytest.raises(pytest.fail.Exception, match=OWNER):
            Given(f"postgresql://postgres:known@127.0.0.1:{server.port}/postgres")
    finally:
        server.close()
