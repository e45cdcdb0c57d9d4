"""Puts a switch at every rule of a module: its tree rewritten so that each rule asks the board before it holds.

Recognised are refusals wherever one is given or a function that gives one is called, claims and what frees them, the keys and
copies a decision conflicts on, what a reaction waits for, checks that raise, and the chassis' own guards (`chassis_rules`).
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from tests.rules.catalogue import Module, given, modules, slugs
from tests.rules.chassis_rules import GUARDS, Guard

ON: Final = "_rule_holds"
OF_A_DECISION: Final = frozenset({"guards", "relies_on", "attaches", "also"})
GATHERED: Final = {"guards": "guards", "copies": "relies_on", "relies_on": "relies_on"}
RAISED: Final = frozenset({"Problem", "ValueError", "EnvelopeError", "NotKnownYet", "LeaseLost", "Stopped"})
AWAITED: Final = {"guard": "guard", "log_access": "access log"}
PER_ROW: Final = {"offered": "state", "permitted": "role"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its id `module:function:what`, and the words of which a test that names it says one."""

    id: str
    kind: str
    words: tuple[str, ...]
    module: str
    line: int

    @property
    def group(self) -> str:
        return self.module.split(".", maxsplit=1)[0]


class Switches(ast.NodeTransformer):
    """Rewrites one module; `rules` are those that got a switch."""

    def __init__(self, module: Module) -> None:
        self.module, self.rules = module, list[Rule]()
        self._within: list[str] = []
        self._function: ast.AST = module.tree
        self._ids: Counter[str] = Counter()
        self._used: set[Guard] = set()
        self._service = module.name.split(".")[0] not in ("chassis", "contracts")

    # --- where we are ---

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._within.append(node.name)
        self.generic_visit(node)
        self._within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._entered(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._entered(node)

    def _entered(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        before, self._function = self._function, node
        self._within.append(node.name)
        node.body = [cast("ast.stmt", self.visit(each)) for each in node.body]
        self._within.pop()
        self._function = before
        return node

    @property
    def _makes_refusals(self) -> bool:
        """Within a function that always gives a refusal, its callers are the rules."""
        names = [name for name in self._within if self.module.gives.get(name) in ("refusal", "claim")]
        return bool(names) or not self._within

    # --- statements ---

    def visit(self, node: ast.AST) -> ast.AST:
        for guard in GUARDS:
            if guard.stands_at(self.module.name, ".".join(self._within), node):
                return self._guarded(guard, node)
        return self._bare_text(node) or self._call_statement(node) or super().visit(node)

    def _guarded(self, guard: Guard, node: ast.AST) -> ast.AST:
        test = self._switch("guard", guard.about, (), node)
        self.generic_visit(node.value if isinstance(node, ast.Expr) else node)
        if isinstance(node, ast.stmt):
            other = ast.parse(guard.instead).body or [ast.Pass()]
            return ast.If(test, [node], other)
        assert isinstance(node, ast.expr)
        return ast.IfExp(test, node, ast.parse(guard.instead, mode="eval").body)

    def _bare_text(self, node: ast.AST) -> ast.stmt | None:
        """Functions that give the slug or the member alone, for their caller to refuse with."""
        match node:
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str(text)), _])) if self._service:
                return self._statement(node, "refusal", text, (text,))
            case ast.Expr(value=ast.Yield(value=ast.Constant(value=str(text)))) if self._service:
                return self._statement(node, "refusal", text, (text,))
        return None

    def _call_statement(self, node: ast.AST) -> ast.stmt | None:
        match node:
            case (
                ast.Return(value=ast.Call() | ast.Name() as value)
                | ast.Expr(value=ast.Yield(value=ast.Call() as value))
            ):
                if self._gives_a_refusal(value) and not self._makes_refusals:
                    said = self._said(value)
                    return self._statement(node, "refusal", said[0] if said else ast.unparse(value)[:40], said)
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))) as raised):
                if name in RAISED and self._within:
                    said = tuple(slugs(self.module, raised))[:1]
                    return self._statement(node, "check", said[0] if said else f"raises {name}", said)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"))):
                if self._service and name in GATHERED:
                    return self._statement(node, GATHERED[name], f"{GATHERED[name]} of some", ())
            case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(attr=name)))):
                if self._service and name in AWAITED:
                    return self._statement(node, AWAITED[name], AWAITED[name], ())
        return None

    def _gives_a_refusal(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Call):
            return given(self.module, value.func) == "refusal"
        return given(self.module, value) == "constant"

    def _said(self, value: ast.expr) -> tuple[str, ...]:
        if isinstance(value, ast.Name):
            value = cast("ast.expr", self.module.functions.get(value.id, value))
        said = slugs(self.module, value) or slugs(self.module, self._function)
        return tuple(said)

    # --- expressions ---

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self._of_a_decision(node)
        what, name = given(self.module, node.func), ast.unparse(node.func)
        if what == "maybe" and any(isinstance(each, ast.Call) and given(self.module, each.func) for each in node.args):
            what = None  # `first` of a function's refusals: that function is the rule
        self.generic_visit(node)
        if self._makes_refusals or what in (None, "claim", "constant"):
            return node
        said = self._said(node)
        if what == "refusal":
            return self._expression(node, "refusal", said[0] if said else name, said, ast.Constant(None))
        nothing: ast.expr = ast.Constant(None) if what == "maybe" else ast.Tuple([], ast.Load())
        switched = self._expression(node, "use", f"uses {name}", said, nothing)
        return self._per_row(name, switched)

    def _per_row(self, name: str, switched: ast.IfExp) -> ast.IfExp:
        """The chassis' checks of a row of a table can be switched off for one row alone."""
        if self.module.name == "chassis.taking" and name in PER_ROW:
            row = ast.parse(f'{ON}(f"{{aggregate.name}}.{{row.name}}:{PER_ROW[name]}")', mode="eval").body
            switched.test = ast.BoolOp(ast.And(), [switched.test, row])
        return switched

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """A refusal that is given a name first is a rule where that name is given away."""
        if isinstance(node.value, ast.Call) and given(self.module, node.value.func) == "refusal":
            return node
        return self.generic_visit(node)

    def _of_a_decision(self, call: ast.Call) -> None:
        named = ast.unparse(call.func) == "Decision"
        for keyword in call.keywords:
            if self._service and keyword.arg == "at_least":
                keyword.value = self._expression(keyword.value, "at_least", "at_least", (), ast.Constant(1))
            elif self._service and named and keyword.arg in OF_A_DECISION:
                keyword.value = self._each_of(keyword.value, keyword.arg)

    def _each_of(self, value: ast.expr, kind: str) -> ast.expr:
        if isinstance(value, ast.Tuple):
            value.elts = [self._element(each, kind, ast.unparse(each)) for each in value.elts]
            return value
        return self._expression(value, kind, f"{kind} {ast.unparse(value)}"[:70], (), ast.Tuple([], ast.Load()))

    def _element(self, each: ast.expr, kind: str, about: str) -> ast.expr:
        one = ast.Tuple([each], ast.Load())
        return ast.Starred(
            self._expression(one, kind, f"{kind} {about}"[:70], (), ast.Tuple([], ast.Load())), ast.Load()
        )

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        return self._listed(node)

    def visit_List(self, node: ast.List) -> ast.AST:
        return self._listed(node)

    def _listed(self, node: ast.Tuple | ast.List) -> ast.AST:
        claims = [self._is_claim(each) for each in node.elts]
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and self._within:
            node.elts = [
                self._element(each, "claim", about) if about else each
                for each, about in zip(node.elts, claims, strict=True)
            ]
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        about = self._is_claim(node.elt)
        self.generic_visit(node)
        if about:
            node.generators[-1].ifs.append(self._switch("claim", f"claim {about}"[:70], (), node))
        return node

    def _is_claim(self, value: ast.expr) -> str:
        is_claim = self._service and isinstance(value, ast.Call) and given(self.module, value.func) == "claim"
        return ast.unparse(value) if is_claim else ""

    # --- switches ---

    def _statement(self, node: ast.stmt, kind: str, what: str, words: tuple[str, ...]) -> ast.stmt:
        return ast.If(self._switch(kind, what, words, node), [node], [])

    def _expression(
        self, node: ast.expr, kind: str, what: str, words: tuple[str, ...], otherwise: ast.expr
    ) -> ast.IfExp:
        return ast.IfExp(self._switch(kind, what, words, node), node, otherwise)

    def _switch(self, kind: str, what: str, words: tuple[str, ...], node: ast.AST) -> ast.expr:
        id_ = f"{self.module.name}:{'.'.join(self._within)}:{what}"
        self._ids[id_] += 1
        if self._ids[id_] > 1:
            id_ += f" ({self._ids[id_]})"
        self.rules.append(Rule(id_, kind, words, self.module.name, getattr(node, "lineno", 0)))
        return ast.Call(ast.Name(ON, ast.Load()), [ast.Constant(id_)], [])


@cache
def switched(name: str) -> tuple[ast.Module, tuple[Rule, ...]]:
    """The module's tree with its switches, and the rules they are for."""
    module = modules()[name]
    switches = Switches(module)
    tree = ast.parse(module.path.read_text())
    switches._function = tree
    tree.body = [cast("ast.stmt", switches.visit(each)) for each in tree.body]
    place = next((no for no, each in enumerate(tree.body) if not _before_imports(each)), len(tree.body))
    tree.body.insert(place, ast.parse(f"from tests.rules.switchboard import on as {ON}").body[0])
    return ast.fix_missing_locations(tree), tuple(switches.rules)


def _before_imports(node: ast.stmt) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def every_rule() -> list[Rule]:
    """All rules of the four services, the contracts and the chassis, and the checks of each row of the command tables."""
    found = [rule for name in modules() for rule in switched(name)[1]]
    return [*found, *(rule for module in modules().values() for rule in _rows(module))]


def _rows(module: Module) -> list[Rule]:
    rules = []
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Command" and module.name.count(".") > 1):
            continue
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        name, states = [*node.args[:1], *node.args[2:3]] or [said["name"], said["from_states"]]
        command = str(ast.literal_eval(name))
        about = f"{module.name.split('.')[1]}.{command}"
        checks = ("role",) if ast.unparse(states) == "CREATION" else ("state", "role")
        rules += [Rule(f"{about}:{check}", check, (command,), module.name, node.lineno) for check in checks]
    return rules
