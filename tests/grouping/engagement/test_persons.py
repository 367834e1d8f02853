from __future__ import annotations

import pytest

from grouping.engagement.persons import looks_like_a_person, names_somebody, reached_by

KNOWN = ("Swanage", "Beaminster", "Lyme Regis", "West Moors", "Dr Newman & Partners", "Jane Austen Surgery")


@pytest.mark.parametrize(
    "role",
    [
        "Dr Jane Smith", "Mrs Smith", "Mrs. O'Brien", "mr jones", "dr smith", "Ms A Patel, practice manager",
        "J Smith", "J. A. Smith", "J.A. Smith", "Smith, J.", "Smith J", "GP J Smith", "Jane Smith", "jane smith",
        "Jane Smith, practice manager", "Practice manager (Jane Smith)", "Practice manager – Sarah O'Connor",
        "Chair Margaret Jones", "Councillor Bloggs", "Cllr Bloggs", "Professor Higgins", "Wei Zhang", "Jane",
        "Rev. Green-Smythe", "Smith, Jane", "Dr Newman & Partners", "Dr\u00a0Jane Smith", "Dr\u200b Smith",
        "Mr Swanage", "Receptionist Chloe Baker",
    ],
)  # fmt: skip
def test_names_of_people_are_found(role: str) -> None:
    assert looks_like_a_person(role, KNOWN)


@pytest.mark.parametrize(
    "role",
    [
        "Practice manager, Swanage", "Chair of the patient group", "Councillor for Beaminster ward", "Councillor",
        "councillor", "GP", "GP partner", "GP, West Moors", "Practice Manager, Lyme Regis", "Patient", "A Patient",
        "A Swanage resident", "A carer from Wool", "Member of the public", "MP", "MP for West Dorset", "LMC",
        "Local Medical Committee", "Healthwatch", "Healthwatch Dorset", "Town Council", "Swanage Town Council",
        "Clerk of the parish council", "Locality lead (GP)", "Practice manager at Dr Newman & Partners",
        "Patient Participation Group", "Patient participation group, Jane Austen Surgery", "Director of Finance",
        "Professor of primary care", "Resident", "District nurse", "Pharmacist", "Carers' group", "CCG estates lead",
        "Councillor, Swanage", "Councillor Lyme Regis ward", "Doctor", "Dr of the practice", "PPG chair",
        "Chief Executive", "Vice Chair", "Lay member", "Mother of two", "Senior Partner, Practice B",
        "Practice nurse / prescriber", "Head of Estates", "Young people's forum", "Sixth form student",
        "Bus company", "Dispensing GP", "Acute trust", "Anonymous", "Parish Council, St Mary Bourne",
        "Victoria Hospital League of Friends", "Friends of Portland Hospital", "NHS England", "Voluntary sector",
        "South West Ambulance Service", "Somebody at the drop-in", "GP (locality A)", "Practice 3", "Taxi driver",
        "Practice manager, Corfe Castle", "Chesil Beach resident", "Panel A",
    ],
)  # fmt: skip
def test_roles_are_no_people(role: str) -> None:
    assert not looks_like_a_person(role, KNOWN)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("write to jane.smith@example.org please", "an email address"),
        ("ring 01929 422 123", "a telephone number"),
        ("ring 07700 900123", "a telephone number"),
        ("(01202) 123456", "a telephone number"),
        ("020 7946 0018", "a telephone number"),
        ("+44 7700 900123", "a telephone number"),
        ("+44 (0)1929 422123", "a telephone number"),
        ("01929422123", "a telephone number"),
        ("my number is 943 476 5919", "a number like an NHS or National Insurance number"),
        ("9434765919", "a number like an NHS or National Insurance number"),
        ("QQ 12 34 56 C is AB 12 34 56 C", "a number like an NHS or National Insurance number"),
    ],
)
def test_what_reaches_a_person_is_found(text: str, what: str) -> None:
    assert reached_by(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "The bus takes 45 minutes, and 766,000 patients cannot all drive.", "From 2017/18 to 2020/21", "01/02/2017",
        "01-02-2017 10:30", "2017-02-01", "Costs £2,298,000 in 2018", "J81012 and J81013", "Room 0.12", "@ 20 minutes",
        "Open 08:00 to 18:30", "0.123456789", "BH19 1HB", "In 2016 12,345 of 50,000", "1,234,567,890 steps", "",
    ],
)  # fmt: skip
def test_figures_dates_and_codes_are_not_personal(text: str) -> None:
    assert reached_by(text) == ""


@pytest.mark.parametrize(
    ("text", "somebody"),
    [
        ("Mrs Jones cannot drive", True),
        ("as Dr J Smith said", True),
        ("Dr Newman & Partners would be further away", False),
        ("the doctor cannot drive, nor can the councillor", False),
        ("Patients miss the bus", False),
        ("Ms and Mr are titles", False),
    ],
)
def test_texts_that_name_somebody(text: str, somebody: bool) -> None:
    assert names_somebody(text, KNOWN) is somebody
