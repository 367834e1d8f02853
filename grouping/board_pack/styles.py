"""How QGIS draws each layer of a GeoPackage: QML for QGIS itself, SLD (1.0.0) for other programs.

QML is what QGIS saves; only the parts it needs are written, the rest are its defaults. The layer of groups holds all
options: its rules show the first one, the others are ticked in the list of layers. Every text in a style is this
program's own or a group's letters; names from files stand in the attributes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from grouping import maps
from grouping.board_pack.layers import Layer, option_prefix
from grouping.plain_words import option_title
from grouping.result import Run

INK = "#17222c"
LOCALITY_INK = "#5b2a86"
WHITE = "#ffffff"

BRUSHES = ("no", "b_diagonal", "dense7", "f_diagonal", "horizontal", "cross")
"""Brushes of Qt that look most like the hatch of each colour (`grouping.maps.hatches.HATCHES`)."""


@dataclass(frozen=True)
class LayerStyle:
    """The style of one layer in both languages."""

    qml: str
    sld: str


@dataclass(frozen=True)
class _Rule:
    """Features that are drawn alike: a QGIS filter, the same for SLD as column and value, and the words beside it."""

    words: str
    qml_filter: str
    sld_equal: tuple[tuple[str, str], ...]
    qml_symbol: str
    sld_symbol: str
    shown: bool = True
    under: tuple[_Rule, ...] = ()


def layer_style(layer: Layer, run: Run) -> LayerStyle:
    """The style of a layer of `map_layers`."""
    rules = {"groups": _groups, "areas": _areas, "sites": _sites, "localities": _localities, "hubs": _hubs}
    label = {"groups": "group_id", "localities": "name"}.get(layer.name, "")
    made = rules[layer.name](layer, run)
    return LayerStyle(_qml(made, label, point=layer.name in {"sites", "hubs"}), _sld(layer, made))


# ------------------------------------------------------------------------------------------------------ what is drawn


def _groups(layer: Layer, run: Run) -> tuple[_Rule, ...]:
    rules = []
    for position, option in enumerate(run.options):
        option_id = option.option.option_id
        rows = layer.frame[layer.frame["option"] == option_id]
        under = tuple(
            _Rule(
                group_id,
                _equal("group_id", group_id),
                (("option", option_id), ("group_id", group_id)),
                _fill(maps.PALETTE[colour], INK, 0.5, BRUSHES[colour % len(BRUSHES)]),
                _sld_fill(maps.PALETTE[colour], INK, 1.5),
            )
            for group_id, colour in zip(rows["group_id"], rows["colour"], strict=True)
        )
        title = option_title(option_id)
        rules.append(_Rule(title, _equal("option", option_id), (), "", "", shown=position == 0, under=under))
    return tuple(rules)


def _areas(layer: Layer, run: Run) -> tuple[_Rule, ...]:
    """By minutes to the hub under the first option; drawn as thin outlines where there are none."""
    column = f"{option_prefix(run.options[0])}_minutes_to_hub" if run.options else ""
    if column not in layer.frame or layer.frame[column].dtype == object:
        return (_Rule("Area", "", (), _fill("", "#8a98a4", 0.15), _sld_fill("", "#8a98a4", 0.5)),)
    rules, low = [], None
    for high, colour in zip((*maps.MINUTE_CLASSES, None), maps.MINUTE_COLOURS, strict=True):
        parts = [f'"{column}" > {low}'] if low is not None else []
        parts += [f'"{column}" <= {high}'] if high is not None else []
        words = f"up to {high} minutes" if low is None else f"over {low} minutes"
        words += f" to {high}" if low is not None and high is not None else ""
        bounds = (("" if low is None else str(low)), ("" if high is None else str(high)))
        rules.append(
            _Rule(
                words,
                " AND ".join(parts),
                (("between:" + column, "|".join(bounds)),),
                _fill(colour, "#8a98a4", 0.1),
                _sld_fill(colour, "#8a98a4", 0.3),
            )
        )
        low = high
    rules.append(
        _Rule(
            "no route or no patients",
            f'"{column}" IS NULL',
            (("null:" + column, ""),),
            _fill(maps.NO_ROUTE_COLOUR, "#8a98a4", 0.1),
            _sld_fill(maps.NO_ROUTE_COLOUR, "#8a98a4", 0.3),
        )
    )
    return tuple(rules)


def _sites(layer: Layer, run: Run) -> tuple[_Rule, ...]:
    looks = {"main": ("main site", INK, WHITE, 2.4), "branch": ("branch site", WHITE, INK, 2.0)}
    kinds = sorted(set(layer.frame["kind"]), key=lambda kind: (kind not in looks, kind != "main", kind))
    rules = []
    for kind in kinds:
        words, fill, line, size = looks.get(kind, (f"{kind} site", "#9aa5ae", INK, 2.0))
        rules.append(
            _Rule(
                words,
                _equal("kind", kind),
                (("kind", kind),),
                _marker("circle", fill, line, size),
                _sld_mark("circle", fill, line, size),
            )
        )
    return tuple(rules)


def _localities(layer: Layer, run: Run) -> tuple[_Rule, ...]:
    line, sld = _fill("", LOCALITY_INK, 0.6, line_style="dash"), _sld_fill("", LOCALITY_INK, 1.5, dash="8 5")
    return (_Rule("Locality", "", (), line, sld),)


def _hubs(layer: Layer, run: Run) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            f"Hub, {option_title(option.option.option_id)}",
            _equal("option", option.option.option_id),
            (("option", option.option.option_id),),
            _marker("diamond", WHITE, INK, 3.8),
            _sld_mark("square", WHITE, INK, 3.2, turned=45),
            shown=position == 0,
        )
        for position, option in enumerate(run.options)
    )


# ---------------------------------------------------------------------------------------------------------------- QML


def _equal(column: str, value: str) -> str:
    return f"\"{column}\" = '{value.replace(chr(39), chr(39) * 2)}'"


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


def _properties(values: dict[str, object]) -> str:
    entries = "".join(
        f'<Option type="QString" name={quoteattr(key)} value={quoteattr(str(value))}/>' for key, value in values.items()
    )
    return f'<Option type="Map">{entries}</Option>'


def _symbol_layer(kind: str, values: dict[str, object]) -> str:
    return f'<layer class="{kind}" enabled="1" locked="0" pass="0">{_properties(values)}</layer>'


def _fill(colour: str, line: str, width: float, hatch: str = "no", *, line_style: str = "solid") -> str:
    outline = {"outline_color": _rgba(line), "outline_style": line_style, "outline_width": width}
    outline["outline_width_unit"] = "MM"
    ground = {"color": _rgba(colour), "style": "solid"} if colour else {"color": "0,0,0,0", "style": "no"}
    layers = _symbol_layer("SimpleFill", ground | outline)
    if hatch != "no":
        lines = {"color": "23,34,44,110", "style": hatch, "outline_style": "no"}
        layers += _symbol_layer("SimpleFill", lines)
    return f'type="fill">{layers}'


def _marker(shape: str, fill: str, line: str, size: float) -> str:
    values = {"name": shape, "color": _rgba(fill), "outline_color": _rgba(line), "outline_width": 0.4}
    values |= {"outline_width_unit": "MM", "outline_style": "solid", "size": size, "size_unit": "MM"}
    return f'type="marker">{_symbol_layer("SimpleMarker", values)}'


def _qml(rules: tuple[_Rule, ...], label: str, *, point: bool) -> str:
    symbols: list[str] = []

    def rule_xml(rule: _Rule, key: str) -> str:
        attributes = f'key="{key}" label={quoteattr(rule.words)}'
        attributes += f" filter={quoteattr(rule.qml_filter)}" if rule.qml_filter else ""
        attributes += "" if rule.shown else ' checkstate="0"'
        if rule.qml_symbol:
            attributes += f' symbol="{len(symbols)}"'
            symbols.append(rule.qml_symbol)
        under = "".join(rule_xml(one, f"{key}-{i}") for i, one in enumerate(rule.under))
        return f"<rule {attributes}>{under}</rule>"

    listed = "".join(rule_xml(rule, f"rule-{i}") for i, rule in enumerate(rules))
    drawn = "".join(
        f'<symbol name="{i}" alpha="1" clip_to_extent="1" force_rhr="0" {symbol}</symbol>'
        for i, symbol in enumerate(symbols)
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="{int(bool(label))}">'
        '<renderer-v2 type="RuleRenderer" symbollevels="0" forceraster="0" enableorderby="0">'
        f'<rules key="rules">{listed}</rules><symbols>{drawn}</symbols></renderer-v2>'
        f"{_labels(label)}<blendMode>0</blendMode><featureBlendMode>0</featureBlendMode>"
        f"<layerGeometryType>{0 if point else 2}</layerGeometryType></qgis>\n"
    )


def _labels(column: str) -> str:
    if not column:
        return ""
    return (
        '<labeling type="simple"><settings calloutType="simple">'
        f'<text-style fieldName="{column}" isExpression="0" fontSize="9" fontSizeUnit="Point" fontWeight="75" '
        'textColor="23,34,44,255" textOpacity="1"><text-buffer bufferDraw="1" bufferSize="1" bufferSizeUnits="MM" '
        'bufferColor="255,255,255,255" bufferOpacity="1"/></text-style>'
        '<placement placement="1" polygonPlacementFlags="2"/><rendering drawLabels="1" obstacle="1"/>'
        "</settings></labeling>"
    )


# ---------------------------------------------------------------------------------------------------------------- SLD


def _parameter(name: str, value: object) -> str:
    return f'<CssParameter name="{name}">{value}</CssParameter>'


def _sld_fill(colour: str, line: str, width: float, *, dash: str = "") -> str:
    ground = f"<Fill>{_parameter('fill', colour)}</Fill>" if colour else ""
    stroke = _parameter("stroke", line) + _parameter("stroke-width", width)
    stroke += _parameter("stroke-dasharray", dash) if dash else ""
    return f"<PolygonSymbolizer>{ground}<Stroke>{stroke}</Stroke></PolygonSymbolizer>"


def _sld_mark(shape: str, fill: str, line: str, size_mm: float, *, turned: int = 0) -> str:
    pixels = round(size_mm / 0.28, 1)  # SLD counts in pixels of 0.28 mm
    rotation = f"<Rotation>{turned}</Rotation>" if turned else ""
    return (
        f"<PointSymbolizer><Graphic><Mark><WellKnownName>{shape}</WellKnownName><Fill>{_parameter('fill', fill)}"
        f"</Fill><Stroke>{_parameter('stroke', line)}{_parameter('stroke-width', 1.4)}</Stroke></Mark>"
        f"<Size>{pixels}</Size>{rotation}</Graphic></PointSymbolizer>"
    )


def _sld(layer: Layer, rules: tuple[_Rule, ...]) -> str:
    shown = [one for rule in rules if rule.shown for one in (rule.under or (rule,))]
    listed = "".join(
        f"<Rule><Name>{escape(rule.words)}</Name>{_sld_filter(rule)}{rule.sld_symbol}</Rule>" for rule in shown
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" '
        'xmlns:ogc="http://www.opengis.net/ogc" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<NamedLayer><Name>{layer.name}</Name><UserStyle><Title>{layer.title}</Title>"
        f"<FeatureTypeStyle>{listed}</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>\n"
    )


def _sld_filter(rule: _Rule) -> str:
    tests = [test for column, value in rule.sld_equal for test in _sld_tests(column, value)]
    if not tests:
        return ""
    inside = tests[0] if len(tests) == 1 else f"<ogc:And>{''.join(tests)}</ogc:And>"
    return f"<ogc:Filter>{inside}</ogc:Filter>"


def _sld_tests(column: str, value: str) -> list[str]:
    kind, _, name = column.rpartition(":")
    column = f"<ogc:PropertyName>{name}</ogc:PropertyName>"

    def compared(how: str, with_what: str) -> str:
        return f"<ogc:{how}>{column}<ogc:Literal>{escape(with_what)}</ogc:Literal></ogc:{how}>"

    if kind == "null":
        return [f"<ogc:PropertyIsNull>{column}</ogc:PropertyIsNull>"]
    if kind == "between":
        low, high = value.split("|")
        return ([compared("PropertyIsGreaterThan", low)] if low else []) + (
            [compared("PropertyIsLessThanOrEqualTo", high)] if high else []
        )
    return [compared("PropertyIsEqualTo", value)]
