"""What is read in a server's diary: each fault is found, and a polite crawl has none."""

from bench.accept.manners import asked_in_haste, asked_twice, forbidden, overtaking
from bench.many_hosts import ManyHosts, Visit

POLITE = [
    Visit("a", "/robots.txt", 0.0, 0.4),
    Visit("b", "/robots.txt", 0.1, 0.5),
    Visit("a", "/page/0", 0.7, 0.8),
    Visit("b", "/page/0", 0.8, 0.9),
    Visit("a", "/page/1", 1.1, 1.2),
]


def test_a_polite_crawl_has_no_fault() -> None:
    assert asked_twice(POLITE) == asked_in_haste(POLITE, 0.25) == []
    assert overtaking(POLITE) == forbidden(POLITE) == []


def test_the_same_page_of_another_host_is_another_page() -> None:
    assert asked_twice([*POLITE, Visit("b", "/page/1", 2.0, 2.1)]) == []
    assert asked_twice([*POLITE, Visit("a", "/page/1", 2.0, 2.1)]) == ["a/page/1"]


def test_a_request_within_the_pause_is_found_in_whatever_order_it_was_written() -> None:
    hasty = Visit("a", "/page/2", 1.3, 1.4)
    assert asked_in_haste([hasty, *POLITE], 0.25) == ["a/page/2"]
    assert asked_in_haste([hasty, *POLITE], 0.05) == []
    # While another answer is still under way, too.
    slow = [Visit("a", "/page/0", 0.0, 5.0), Visit("a", "/page/1", 1.0, 1.1)]
    assert asked_in_haste(slow, 0.25) == ["a/page/1"]


def test_a_request_before_robots_txt_is_found() -> None:
    assert overtaking([Visit("a", "/page/2", 0.2, 0.3), *POLITE]) == ["a/page/2"]
    assert overtaking([*POLITE, Visit("c", "/page/2", 0.2, 0.3)]) == ["c/page/2"]


def test_what_is_forbidden_is_found() -> None:
    assert forbidden([*POLITE, Visit("a", "/secret/1", 3.0, 3.1)]) == ["a/secret/1"]


def test_the_server_forbids_what_its_pages_link_to() -> None:
    site = ManyHosts(pages=2, secrets=1)
    assert "Disallow: /secret/" in site.answer("/robots.txt")[2]
    status, kind, text = site.answer("/page/0")
    assert (status, kind) == (200, "text/html")
    assert 'href="/page/1"' in text
    assert 'href="/secret/0"' in text
    assert site.answer("/other")[0] == 404
