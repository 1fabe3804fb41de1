"""Runs the plugins of a request, phase by phase.

Which rows take part is settled during access ("collected"): a plugin that authenticates a Consumer may change
the rows of those that come after it, never its own or an earlier one's.
Where access never ran – no Route, a redirect – only rows that are bound to nothing take part later.
A method that ends access early, or fails in it, keeps later ones from their access, not from their later
phases.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import Answer, RequestContext, Response
from twisted_kong.pdk.call import Exit
from twisted_kong.pdk.chains import Chain, Step
from twisted_kong.pdk.driving import Waiting, begin
from twisted_kong.pdk.failures import report
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.node_phases import NodePhases
from twisted_kong.pdk.phase import ACCESS, BODY_FILTER, HEADER_FILTER, LOG, RESPONSE, REWRITE

Answering = Answer | None | Deferred[Answer | None]


class Phases(NodePhases):
    """The plugins of a node.

    Those that run outside of requests are in :class:`NodePhases`.
    """

    def rewrite(self, context: RequestContext) -> Answering:
        """Before a Route is looked for: rows bound to nothing."""
        chains = self._chains
        if chains.version != self._plan.version:  # no call of refresh: this runs for every request
            chains.refresh()
        if not chains.globally.has_rewrite:
            return None
        return self._run(self._kong(context, REWRITE), chains.globally, "rewrite", 0)

    def needs(self, context: RequestContext) -> Chain:
        """Which phases have work: of the rows that are collected, or that would be for this Route."""
        collected: Chain | None = context.chain
        if collected is not None:
            return collected
        match = context.match
        if match is None or context.consumer is not None:
            return self._chain_of(context)
        chain: Chain | None = match.chain
        if chain is None or chain.version != self._plan.version:
            chain = match.chain = self._chain_of(context)
        return chain

    def access(self, context: RequestContext, needs: Any = None) -> Answering:
        """Before the Service is contacted; ``needs`` is what was just said of this request, if it was."""
        chain: Chain = needs or self.needs(context)
        if not chain.steps:
            return None
        context.chain = chain
        if context.plan is not None:
            # What was made while there was no Route may hold changes that wait for the Service.
            call = self._kong(context, ACCESS).call
            if call.draft is not None and context.upstream is not None:
                call.draft.apply(context.upstream)
                call.draft = None
        consumer = context.consumer
        done = 0
        for step in chain.access:
            if step.shortcut is None:
                break
            try:
                if not step.shortcut(context):
                    break
            except Exception:
                return self._failed(context, step, "access")
            done += 1
            if context.consumer is not consumer:
                consumer = context.consumer
                if self._plan.consumers or chain.consumer_id is not None:  # mostly no row is bound to one
                    chain, done = self._switch(context, chain, step, done)
                    break
        else:
            return None
        return self._run(self._kong(context, ACCESS), chain, "access", done)

    def response(self, context: RequestContext) -> Answering:
        """When the whole answer of the Service is there; an Answer takes its place."""
        chain = self._collected(context)
        if not chain.has_response:
            return None
        return self._run(self._kong(context, RESPONSE), chain, "response", 0)

    def header_filter(self, context: RequestContext) -> Deferred[None] | None:
        """When the head of the answer is there: it may be changed, or replaced with its body."""
        chain = self._collected(context)
        if not chain.has_header_filter:
            return None
        result = self._run_all(self._kong(context, HEADER_FILTER), chain.header_filter, "header_filter", 0)
        return None if result is None else Deferred.fromCoroutine(result)

    def body_filter(self, context: RequestContext, chunk: bytes, last: bool) -> bytes:
        """For each piece of the answer's body; a method that fails lets through what it had and held back."""
        chain = self._collected(context)
        if not chain.has_body_filter:
            return chunk
        kong = self._kong(context, BODY_FILTER)
        call = kong.call
        if call.ended:
            return b""
        call.last = last
        for step in chain.body_filter:
            call.chunk = chunk
            self._filter(kong, step)
            chunk = call.chunk
        return chunk

    def log(self, context: RequestContext) -> None:
        """When the client has everything; a method that waits goes on by itself."""
        chain = self._collected(context)
        if not chain.has_log:
            return
        result = self._run_all(self._kong(context, LOG), chain.log, "log", 0)
        if result is not None:
            Deferred.fromCoroutine(result).addErrback(self._left_behind)

    def _kong(self, context: RequestContext, phase: int) -> Kong:
        kong: Kong | None = context.plan
        if kong is None:
            kong = context.plan = Kong(self._surroundings, context, phase)
        else:
            kong.call.phase = phase
        return kong

    def _chain_of(self, context: RequestContext) -> Chain:
        chains = self._chains
        route, service, consumer = context.route, context.service, context.consumer
        chains.refresh()
        if route is None:
            return chains.globally
        return chains.chain(
            route["id"],
            None if service is None else service["id"],
            None if consumer is None else consumer["id"],
        )

    def _collected(self, context: RequestContext) -> Chain:
        chain: Chain | None = context.chain
        if chain is not None:
            return chain
        self._chains.refresh()
        return self._chains.globally

    def _run(self, kong: Kong, chain: Chain, phase: str, index: int) -> Answering:
        """The steps of a phase that may answer, from ``index`` on."""
        call = kong.call
        context = call.context
        steps: tuple[Step, ...] = getattr(chain, phase)
        consumer = context.consumer
        while index < len(steps):
            step = steps[index]
            index += 1
            call.running, call.running_id = step.name, step.row_id
            try:
                result = getattr(step, phase)(kong, step.conf)
                waiting = None if result is None else begin(result)
            except Exit as end:
                return end.answer
            except Exception:
                return self._failed(context, step, phase)
            if waiting is not None:
                return Deferred.fromCoroutine(self._resume(kong, chain, phase, step, waiting, consumer))
            if context.consumer is not consumer:
                consumer = context.consumer
                if self._plan.consumers or chain.consumer_id is not None:  # mostly no row is bound to one
                    chain, index = self._switch(context, chain, step, index)
                    steps = chain.access
        return None

    async def _resume(
        self, kong: Kong, chain: Chain, phase: str, step: Step, waiting: Waiting, consumer: Entity | None
    ) -> Answer | None:
        try:
            await waiting
        except Exit as end:
            return end.answer
        except CancelledError:
            # The client is gone; nobody waits for an answer.
            raise
        except Exception:
            return self._failed(kong.call.context, step, phase)
        steps: tuple[Step, ...] = getattr(chain, phase)
        index = steps.index(step) + 1
        context = kong.call.context
        if context.consumer is not consumer:
            chain, index = self._switch(context, chain, step, index)
        rest = self._run(kong, chain, phase, index)
        return await rest if isinstance(rest, Deferred) else rest

    def _switch(self, context: RequestContext, chain: Chain, step: Step, index: int) -> tuple[Chain, int]:
        """The chain for the Consumer that was just set, and where to go on in it."""
        consumer = context.consumer
        known = consumer is not None and self._plan.knows_consumer(consumer["id"])
        if not known and chain.consumer_id is None:
            return chain, index
        target = self._chain_of(context)
        if target.consumer_id != chain.consumer_id:
            chain = context.chain = self._chains.switch(chain, step, target)
        return chain, sum(1 for other in chain.access if other.order <= step.order)

    def _failed(self, context: RequestContext, step: Step, phase: str) -> Answer:
        report(self._gateway, step.name, phase, context.request_id)
        return self._gateway.replies.error(
            500,
            request_id=context.request_id,
            accept=context.head.headers.get(b"accept"),
            source="error",
        )

    def _run_all(self, kong: Kong, steps: tuple[Step, ...], phase: str, index: int) -> Waiting | None:
        """The steps of a phase that cannot stop the others, from ``index`` on; what is left if one waits."""
        call = kong.call
        while index < len(steps):
            step = steps[index]
            index += 1
            call.running, call.running_id = step.name, step.row_id
            try:
                waiting = begin(getattr(step, phase)(kong, step.conf))
            except Exit as end:
                _take_over(kong.call.context.response, end)
                return None
            except Exception:
                report(self._gateway, step.name, phase, kong.call.context.request_id)
                continue
            if waiting is not None:
                return self._resume_all(kong, steps, phase, index, waiting)
        return None

    async def _resume_all(
        self, kong: Kong, steps: tuple[Step, ...], phase: str, index: int, waiting: Waiting
    ) -> None:
        try:
            await waiting
        except Exit as end:
            _take_over(kong.call.context.response, end)
            return
        except Exception:
            report(self._gateway, steps[index - 1].name, phase, kong.call.context.request_id)
        rest = self._run_all(kong, steps, phase, index)
        if rest is not None:
            await rest

    def _filter(self, kong: Kong, step: Step) -> None:
        call = kong.call
        chunk, last, ended = call.chunk, call.last, call.ended
        call.gathered = False
        call.running, call.running_id = step.name, step.row_id
        try:
            waiting = begin(step.body_filter(kong, step.conf))
            if waiting is not None:
                waiting.close()
                raise RuntimeError("a body_filter must not wait")
        except (Exit, Exception):
            call.chunk, call.last, call.ended = call.released(chunk), last, ended
            report(self._gateway, step.name, "body_filter", call.context.request_id)

    def _left_behind(self, failure: Failure) -> None:
        self._gateway.log.failure("a plugin's log method failed", failure)


def _take_over(response: Response | None, end: Exit) -> None:
    if response is not None:
        response.replace_by(end.answer)
