"""What the name of a column says of its part in finding a person again: attributes of persons, where they are,
and counts of them.

No single one of these identifies anybody; a few of them together often do (quasi-identifiers). What the names
propose is for the steward to correct.
"""

import re

PERSON = {
    "sex": r"性别|^gender$|^sex$|_sex$|_gender$",
    "birth": r"出生(?!.*(地|医学|证|人数|率))|生日|birth(?!.?place|.?rate)|csrq",
    "age": r"年龄|^age$|^age_|_age$|周岁",
    "ethnicity": r"民族(?!乡|镇)|ethnic",
    "nationality": r"国籍|nationality|citizenship",
    "education": r"学历|文化程度|学位|受教育程度|education",
    "marital": r"婚姻|marital",
    "occupation": r"职业(?!学校|学院|中学|病|介绍|培训|技)|工种|occupation|job_?title|profession$",
    "origin": r"户籍(?!人口|数)|籍贯|native_?place|birth.?place|出生地",
    "political": r"政治面貌",
    "relation": r"与户主关系|家庭关系",
    "attribute": r"人员类别|人员性质",
}
"""Attributes that only a person has."""

PLACE = {
    "division": r"省份|城市|区县|县区|区划|地区|市区|乡镇|街道|社区|村(?!.*数)|所在地|[區区][別别]|里[別别]|"
    r"district|county|town|village|region|^city$|^area$",
    "address": r"地址|住址|小区|address",
    "postcode": r"邮编|邮政编码|postcode|zip_?code",
    "employer": r"工作单位|就读学校|所在学校|所在班级|employer|school",
}
"""Where somebody is; this counts only in a table about persons."""

SUBJECT = (
    r"(?<!联系人)(?<!负责人)(?<!代表人)(?<!经办人)姓名|户主(?!关系)|患者|当事人|"
    r"real_?name|person_?name|patient_?(id|name)"
)
"""Whom a row is about."""

COUNTS = (
    r"人数|人次|人口|户数|例数|病例|学生数|在校生|教职工|从业人员|死亡数|出生数|persons|people|population|patients|"
    r"students|headcount|^cases$|_cases$|deaths|births"
)
"""How many persons or households a row stands for: each row is then a cell of an aggregated table."""

LONGITUDE = r"经度|longitude|^(lng|lon)$|_(lng|lon)$|^gps_?x$"
LATITUDE = r"纬度|latitude|^lat$|_lat$|^gps_?y$"


def role(name: str) -> str | None:
    """The part a column plays by its name and title: a key of PERSON or PLACE, ``subject``, ``count``,
    ``coordinate`` or None."""
    if _says(LONGITUDE, name) or _says(LATITUDE, name):
        return "coordinate"
    if _says(COUNTS, name):
        return "count"
    if _says(SUBJECT, name):
        return "subject"
    return next((code for code, words in {**PERSON, **PLACE}.items() if _says(words, name)), None)


def _says(words: str, name: str) -> bool:
    return any(re.search(words, part, re.IGNORECASE) for part in name.split("\n"))
