"""A cell cannot run for ever, grow without end, or depend on anything but the record."""

import time

import pytest

from tracemill.mapping.cell import CellError, Limits, compile_cell

EXPLOSIONS = {
    "endless tail recursion": "($f := function($x){$f($x)}; $f(1))",
    "endless recursion": "($f := function($x){1 + $f($x)}; $f(1))",
    "a function that is handed itself": "(function($f){$f($f)})(function($f){$f($f)})",
    "recursion through a higher function": "($f := λ($x){$map([1], $f)}; $f(1))",
    "a huge range": "[1..1e9]",
    "a range of ten million": "$sum([1..1e7])",
    "a wide pad": '$pad("x",1e9)',
    "a wide pad to the left": '$pad("x",-1e9)',
    "a pad by the record": '$pad("x", n)',
    "a pad in a chain": '"x" ~> $pad(1e9)',
    "a pad by another name": '($p := $pad; $p("x", 1e9))',
    "a pad handed on": "$map([1e9], $pad)",
    "a pad half called": '($p := $pad("x", ?); $p(1e9))',
    "doubling a text": "$reduce([1..40], function($a,$b){$a&$a}, 'x')",
    "doubling an object": "$reduce([1..40], function($a,$b){{'a':$a,'b':$a}}, 1)",
    "doubling by names": "($a:=[n,n];" + "".join("$a:=[$a,$a];" for _ in range(40)) + "$string($a))",
    "doubling by steps": "$" + ".{'a':$,'b':$}" * 40,
    "doubling by zip": "($a:=[n];" + "".join("$a:=$zip($a,$a);" for _ in range(40)) + "$a)",
    "doubling by transform": "$ ~> |$|{'a':$,'b':$}|",
    "a nested loop": "$map([1..9999],function($x){$map([1..9999],function($y){$x*$y})})",
    "a nested product": "[1..9999].([1..9999])",
    "a bomb in a separator": "$join([1..9999].$string($), big)",
    "a bomb in a replacement": "$replace(big, 'x', big)",
    "a large roman number": "$formatInteger(1e15, 'I')",
    "text that becomes code": "$eval('1+1')",
    "text that becomes code by another name": "($e := $eval; $e('1'))",
    "too much output": "[1..9999].('0123456789')",
    "a deep expression": "(" * 3000 + "1" + ")" * 3000,
    "a long expression": "a & " * 5000 + "a",
    "a loop that repeats the record": "$map([1..9999], function($x){$$})",
    "a loop that repeats a large text": "[1..9999].($$.big)",
    "a loop that repeats and joins": "$join([1..9999].($$.big))",
    "a loop that repeats by a step": "xs.$$.xs.$$",
    "a loop that repeats by a name": "$map(xs, function($x){xs})",
    "a loop that repeats by its list": "$map(xs, function($x, $i, $all){$all})",
    "a loop that repeats by a variable": "($a := xs.($$); $b := xs.($a); $string($b))",
    "a loop that repeats over an object": "$each(wide, function($v, $k){$$})",
    "a loop in a loop": "$string($map(xs, function($x){[$map($$.xs, function($y){[$$]})]}))",
    "a grouping that repeats": "xs{$string(a): $$}",
    "a join of lists": "xs@$x.xs@$y",
    "doubling a text by names": "($a:=big;" + "$a:=$a&$a;" * 40 + "$a)",
    "a large pattern": "$match(big, /(x{1,100}){1,100}y/)",
    "a regular expression that explodes": "$match(evil, /^(a|a?)+$/).match & $error('done')",
    "a regular expression that looks around": "$match(evil, /^(?=(a+)+$)b/)",
    "a large regular expression": "$match(evil, /(a{1000}){1000}/)",
    "the clock": "$now()",
    "the clock in milliseconds": "$millis()",
    "chance": "$random()",
}


@pytest.mark.parametrize("name", EXPLOSIONS)
def test_an_explosion_is_a_cell_error_within_a_second(name: str) -> None:
    record: dict[str, object] = {"n": 10**9, "big": "x" * 100_000, "evil": "a" * 40 + "!"}
    record |= {"xs": [{"a": i} for i in range(3000)], "wide": {f"k{i}": i for i in range(3000)}}
    began = time.perf_counter()
    with pytest.raises(CellError) as caught:
        compile_cell(EXPLOSIONS[name]).evaluate(record)
    assert time.perf_counter() - began < 1
    assert caught.value.message


def test_a_refusal_says_what_to_write_instead_and_where() -> None:
    with pytest.raises(CellError) as caught:
        compile_cell("lot & $pad(lot, width)")
    assert caught.value.kind == "forbidden"
    assert caught.value.position == 6
    assert "$pad needs its width as a plain number of at most 1000" in caught.value.message


def test_time_is_bounded_by_the_engine_too() -> None:
    cell = compile_cell("[1..9999].([1..9999])", Limits(milliseconds=20))
    with pytest.raises(CellError) as caught:
        cell.evaluate({})
    assert caught.value.kind == "timeout"


def test_a_record_too_large_for_the_engine_is_named_so() -> None:
    with pytest.raises(CellError, match="too large") as caught:
        compile_cell("$count(a)").evaluate({"a": list(range(200_000))})
    assert caught.value.kind == "size"


def test_a_loop_may_name_the_record_while_its_copies_fit() -> None:
    lines = [{"lot": f"L{i}", "qty": "1.000", "unit": "KG", "place": "A-01-02"} for i in range(200)]
    got = compile_cell("lines.{'order': $$.order, 'lot': lot}").evaluate({"order": "45", "lines": lines})
    assert isinstance(got, list)
    assert got[199] == {"order": "45", "lot": "L199"}
    with pytest.raises(CellError, match=r"use each with fields") as caught:
        compile_cell("lines.{'order': $$.order, 'lot': lot}").evaluate({"order": "45", "lines": lines * 20})
    assert caught.value.kind == "size"


def test_a_single_large_text_counts_too() -> None:
    with pytest.raises(CellError, match="too large"):
        compile_cell("$length(a)").evaluate({"a": "x" * 2_000_000})


def test_a_plain_path_reads_a_record_of_any_size() -> None:
    assert compile_cell("a[199999]").evaluate({"a": list(range(200_000))}) == 199_999


@pytest.mark.parametrize(
    "text",
    [
        "$map(lines, function($l){ {'lot': $l.lot, 'qty': $l.qty, 'unit': $l.unit} })",
        "$filter(lines, function($l){ $l.qty != '0' }).lot",
        "{'a': {'b': x, 'c': y}, 'd': {'e': x, 'f': y}, 'g': z, 'h': [x, y, z]}",
        "$sort(lines, function($a,$b){ $a.pos > $b.pos })[0].lot",
        "($parts := $split(code, '-'); $parts[0] & $parts[2])",
        "$join(lines.lot, '|')",
        "lines[$contains(lot, /^A\\d+$/)].lot",
        "$replace(x, ',', '.')",
        "x ~> $replace(/,/, '.') ~> $trim",
        "lines{lot: $sum(qty)}",
        "lines#$i.{'pos': $i, 'lot': lot}",
        "lines.{'order': $$.order, 'lot': lot}",
    ],
)
def test_what_engineers_write_every_day_is_allowed(text: str) -> None:
    compile_cell(text)
