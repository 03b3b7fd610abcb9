"""A webhook as Slack's: takes messages over HTTP, and keeps them."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from price_assets_tests.servers.http import Answer, Request, served


@dataclass
class Slack:
    """`url` is the incoming webhook; `messages` are the bodies that came, as text."""

    url: str = ""
    messages: list[str] = field(default_factory=list[str])

    def answer(self, request: Request) -> Answer:
        """As Slack answers."""
        self.messages.append(json.dumps(json.loads(request.body), ensure_ascii=False))
        return Answer(200, b"ok")

    def about(self, name: str) -> list[str]:
        """The messages that name a list."""
        return [message for message in self.messages if name in message]


@contextmanager
def serving_slack() -> Generator[Slack]:
    """A webhook, within this block."""
    slack = Slack()
    with served(slack.answer) as address:
        slack.url = f"{address}/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
        yield slack
