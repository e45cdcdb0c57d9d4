"""What committees, meetings and stays are made of."""

from __future__ import annotations

BODIES = {
    "vote": {"for": "For", "against": "Against", "abstain": "Abstention"},
    "convene_meeting.reason": {"urgent": "Urgent"},
    "committee.kind": {
        "council": "Council",
        "regional_group": "Regional group",
        "cooperation_office": "Cooperation office",
        "advisory": "Advisory committee",
    },
    "member.role": {
        "chair": "Chair",
        "substitute_chair": "Substitute chair",
        "expert": "Expert",
        "secretary": "Secretary",
        "invited": "Invited",
    },
    "discipline_group": {
        "human": "Human sciences",
        "exact": "Exact sciences",
        "health": "Health sciences",
    },
    "quorum.kind": {
        "fraction": "Share of the members",
        "number": "Number of members",
    },
    "voting": {"consensus": "By consensus", "majority": "By majority"},
    "mode": {
        "in_person": "In person",
        "online": "Online",
        "hybrid": "In person and online",
        "written": "In writing",
    },
    "item.kind": {
        "advice_on_agreement": "Advice on an agreement",
        "advice_on_project": "Advice on a project",
        "advice_on_programme": "Advice on a programme",
        "strategic_advice": "Strategic advice",
        "list_of_countries": "List of countries",
        "information": "Information",
        "other": "Other item",
    },
    "origin": {
        "requested": "On request",
        "own_initiative": "On the committee's own initiative",
        "deferred": "Deferred from an earlier meeting",
    },
    "present": {
        "in_person": "Present",
        "online": "Present online",
        "excused": "Excused",
        "absent": "Absent",
    },
    "followed": {"yes": "Followed", "partly": "Partly followed", "no": "Not followed"},
    "authority": {
        "rector": "The rector",
        "vice_rector": "The vice-rector",
        "academic_council": "The Academic Council",
        "board": "The Board",
        "director": "The director",
    },
    "category": {
        "doctoral": "Doctoral student",
        "joint_doctoral": "Joint doctoral student",
        "postdoc": "Postdoctoral researcher",
        "visiting_researcher": "Visiting researcher",
        "employed_researcher": "Employed researcher",
        "grant_student": "Student on a grant",
        "short_visit": "Short visit",
    },
    "basis": {
        "employment": "Employment",
        "grant": "Grant",
        "enrolment": "Enrolment",
        "visiting": "Visit",
    },
    "regime": {
        "eea_swiss": "EEA or Switzerland",
        "third_country": "Third country",
        "intra_eu_mobility": "Mobility within the EU",
    },
    "length": {"up_to_90": "Up to 90 days", "over_90": "More than 90 days"},
    "open_item": {
        "residence_country": "Country of residence",
        "email": "E-mail",
        "consent_notice_sent_on": "Privacy notice to be sent",
        "nationalities": "Nationalities",
        "birth_date": "Date of birth",
        "passport": "Passport",
    },
}
