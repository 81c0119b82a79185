"""Quality as linked data (Data Quality Vocabulary): what is measured, how it is defined, and what was found."""

from collections.abc import Mapping
from types import MappingProxyType

from catalog.mapping.linked import Link, Thing, text, value
from catalog.models import Version
from policies import vocabulary as v

SCORE = "score"
ZH_OF_SCORE = (
    "六个质量维度（GB/T 36344-2018）得分的加权平均，0至100分；"
    "没有检测的维度不计入，其权重由其余维度分担。权重：{weights}。"
)
EN_OF_SCORE = (
    "Weighted mean of the scores of the six quality dimensions of GB/T 36344-2018, from 0 to 100; "
    "a dimension that was not checked is left out, and the others share its weight. Weights: {weights}."
)
DEFINITIONS: Mapping[v.Dimension, tuple[str, str]] = MappingProxyType(
    {
        v.Dimension.NORMATIVE: ("数据符合标准、模型和元数据规范的程度", "how far data keep standards and formats"),
        v.Dimension.COMPLETENESS: ("应有的记录和数据项有值的程度", "how far values that should be there are there"),
        v.Dimension.ACCURACY: ("数据真实反映所述对象的程度", "how far data tell what is true of their objects"),
        v.Dimension.CONSISTENCY: ("数据之间不相矛盾的程度", "how far data do not contradict one another"),
        v.Dimension.TIMELINESS: ("数据按更新周期及时更新的程度", "how far data are as new as was promised"),
        v.Dimension.ACCESSIBILITY: ("数据能够被获取和使用的程度", "how far data can be had and used"),
    }
)
TEXT_OF_DIMENSION = (
    "GB/T 36344-2018 的{name}维度：{what}。0至100分，为该维度各项规则得分的加权平均。",
    "Dimension {name} of GB/T 36344-2018: {what}. From 0 to 100, the weighted mean of the scores of its rules.",
)


def metrics(catalogue: str, weights: Mapping[v.Dimension, object]) -> list[Thing]:
    """The seven metrics with their definitions; the weights are those in force, in per cent."""
    zh = "、".join(f"{one.zh}{weights[one]}%" for one in v.Dimension if one in weights)
    en = ", ".join(f"{one.en} {weights[one]}%" for one in v.Dimension if one in weights)
    total = _metric(catalogue, SCORE, "质量总分", "Quality score")
    total.say_both("skos:definition", ZH_OF_SCORE.format(weights=zh), EN_OF_SCORE.format(weights=en))
    found = [total]
    for one in v.Dimension:
        metric = _metric(catalogue, one.value, one.zh, one.en)
        texts = (
            form.format(name=name, what=what)
            for form, name, what in zip(TEXT_OF_DIMENSION, (one.zh, one.en), DEFINITIONS[one], strict=True)
        )
        metric.say_both("skos:definition", *texts)
        found.append(metric)
    return found


def measurements(catalogue: str, dataset: str, version: Version) -> list[Thing]:
    """What the last check of a version found, for each metric with a score."""
    scores = {SCORE: version.score, **{one.value: (version.dimensions or {}).get(one.value) for one in v.Dimension}}
    found = []
    for name, score in scores.items():
        if score is None:
            continue
        one = Thing("", ("dqv:QualityMeasurement",))
        one.say("dqv:isMeasurementOf", Link(_name(catalogue, name)))
        one.say("dqv:computedOn", Link(dataset))
        one.say("dqv:value", value(f"{float(score):.2f}", "xsd:decimal"))
        if version.checked_at:
            one.say("prov:generatedAtTime", value(version.checked_at.isoformat(), "xsd:dateTime"))
        found.append(one)
    return found


def _metric(catalogue: str, name: str, zh: str, en: str) -> Thing:
    metric = Thing(_name(catalogue, name), ("dqv:Metric",))
    metric.say_both("skos:prefLabel", zh, en)
    metric.say("skos:notation", text(name))
    metric.say("dqv:expectedDataType", Link("http://www.w3.org/2001/XMLSchema#decimal"))
    return metric


def _name(catalogue: str, name: str) -> str:
    return f"{catalogue}#quality-{name}"
