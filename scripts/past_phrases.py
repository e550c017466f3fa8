"""Phrases for an invented mailbox: what people ask of an office, in German and English."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of request: subjects, first and second sentences, and how the office answers it."""

    subjects: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    answer: str


KINDS: dict[tuple[str, str], Kind] = {
    ("order-status", "de"): Kind(
        ("Lieferstatus {n}", "Wo bleibt {n}?", "Auftrag {n}", "Nachfrage zur Lieferung {n}", "Liefertermin?"),
        ("wo bleibt unsere Bestellung {n}?", "wann kommt der Auftrag {n} bei uns an?", "unsere Lieferung zu {n} ist noch nicht eingetroffen.",
         "können Sie mir bitte den Stand der Bestellung {n} nennen?", "wir warten auf die Ware aus Auftrag {n}.",
         "ist die Bestellung {n} schon unterwegs?", "ich habe zu {n} noch keine Versandbestätigung bekommen."),
        ("Wir brauchen die Ware dringend.", "Gibt es eine Sendungsnummer?", "Bitte geben Sie kurz Bescheid, wann geliefert wird.",
         "Unser Lager fragt täglich nach der Lieferung.", "", "Können Sie uns einen Liefertermin nennen?"),
        "",
    ),
    ("order-status", "en"): Kind(
        ("Delivery of {n}", "Where is order {n}?", "Order {n}", "Status {n}", "Delivery date?"),
        ("where is our order {n}?", "when will order {n} be delivered?", "we have not received the goods of order {n} yet.",
         "could you tell me the status of order {n}?", "has {n} been shipped already?", "we are still waiting for the delivery of {n}."),
        ("We need the goods urgently.", "Is there a tracking number?", "Please let us know when it arrives.", "", "Our warehouse keeps asking."),
        "",
    ),
    ("complaint", "de"): Kind(
        ("Reklamation", "Beschädigte Ware", "Falsche Artikel erhalten", "Mangelhafte Lieferung", "Transportschaden"),
        ("die Kartons sind beschädigt bei uns angekommen.", "Sie haben uns den falschen Artikel geschickt.", "ein Teil der Ware ist defekt.",
         "die gelieferten Rollen sind nass und unbrauchbar.", "die Qualität der Beutel entspricht nicht der Bestellung, viele sind gerissen.",
         "beim Auspacken haben wir einen Transportschaden festgestellt."),
        ("Wir bitten um Ersatz oder Gutschrift.", "Fotos liegen bei.", "Wie sollen wir die defekte Ware zurückschicken?", "Das ist ärgerlich, wir reklamieren das.",
         "Bitte holen Sie die beschädigte Ware ab."),
        "das tut uns leid. Wir schicken Ihnen kostenlos Ersatz und lassen die beschädigte Ware abholen.",
    ),
    ("complaint", "en"): Kind(
        ("Complaint", "Damaged goods", "Wrong articles received", "Defective delivery"),
        ("the boxes arrived damaged.", "you sent us the wrong articles.", "some of the goods are defective.", "the film rolls arrived wet and cannot be used.",
         "when unpacking we found that half of the bags are torn."),
        ("We ask for a replacement or a credit note.", "Photos are attached.", "How do we return the damaged goods?", "Please collect the defective items."),
        "we are sorry about that. We will send a replacement free of charge and collect the damaged goods.",
    ),
    ("quote", "de"): Kind(
        ("Angebotsanfrage", "Anfrage Preis", "Bitte um Angebot", "Preisanfrage Kartons", "Konditionen"),
        ("bitte machen Sie uns ein Angebot über {q} Faltkartons.", "was kosten {q} Rollen Stretchfolie bei Ihnen?", "wir benötigen einen Preis für {q} Versandtaschen.",
         "wir planen den Kauf von {q} Paletten und bitten um Ihre Konditionen.", "können Sie uns {q} bedruckte Kartons anbieten, und zu welchem Preis?"),
        ("Gibt es Mengenrabatt?", "Bitte nennen Sie auch die Zahlungsbedingungen.", "Wir vergleichen gerade mehrere Angebote.", "Ihr Angebot bitte frei Haus.", ""),
        "gern unterbreiten wir Ihnen ein Angebot; der Vertrieb schickt Ihnen die Preise mit Staffel in den nächsten Tagen.",
    ),
    ("quote", "en"): Kind(
        ("Request for quotation", "Price enquiry", "Quote please", "Pricing"),
        ("please send us a quote for {q} folding boxes.", "what is your price for {q} rolls of stretch film?", "we would like an offer for {q} mailing bags.",
         "could you quote {q} printed cartons for us?"),
        ("Do you give a discount on larger quantities?", "Please include your payment terms.", "We are comparing several offers.", ""),
        "we are happy to make you an offer; our sales team will send prices for each quantity within the next days.",
    ),
    ("application", "de"): Kind(
        ("Bewerbung", "Bewerbung als Lagerist", "Bewerbung um einen Ausbildungsplatz", "Ihre Stellenanzeige"),
        ("hiermit bewerbe ich mich um die ausgeschriebene Stelle im Lager.", "ich bewerbe mich um einen Ausbildungsplatz als Kauffrau.",
         "mit großem Interesse habe ich Ihre Stellenanzeige gelesen und bewerbe mich.", "ich suche eine neue Stelle und sende Ihnen meine Bewerbung."),
        ("Meinen Lebenslauf finden Sie im Anhang.", "Über eine Einladung zum Vorstellungsgespräch freue ich mich.", "Zeugnisse und Lebenslauf liegen bei.",
         "Ich bringe mehrere Jahre Berufserfahrung mit."),
        "vielen Dank für Ihre Bewerbung. Wir sehen sie durch und melden uns innerhalb von zwei Wochen.",
    ),
    ("application", "en"): Kind(
        ("Job application", "Application warehouse", "Your job advert"),
        ("I am applying for the position in your warehouse.", "I would like to apply for the job you have advertised.", "please find my application for the vacancy."),
        ("My CV is attached.", "I look forward to an interview.", "I have several years of work experience."),
        "thank you for your application. We will look through it and get back to you within two weeks.",
    ),
    ("invoice-copy", "de"): Kind(
        ("Rechnungskopie", "Fehlende Rechnung", "Rechnung bitte nochmals senden", "Duplikat der Rechnung"),
        ("uns fehlt die Rechnung zur letzten Lieferung.", "bitte senden Sie uns eine Kopie Ihrer Rechnung.", "wir finden Ihre Rechnung in unserer Buchhaltung nicht.",
         "könnten Sie uns die Rechnung noch einmal als PDF schicken?"),
        ("Wir brauchen den Beleg für den Steuerberater.", "Ohne Rechnung können wir nicht zahlen.", "Am besten direkt an die Buchhaltung.", ""),
        "anbei erhalten Sie die gewünschte Rechnungskopie als PDF.",
    ),
    ("invoice-copy", "en"): Kind(
        ("Copy of invoice", "Missing invoice", "Please resend invoice"),
        ("we are missing the invoice for the last delivery.", "please send us a copy of your invoice.", "could you send the invoice again as a PDF?"),
        ("We need the document for our accountant.", "Without the invoice we cannot pay.", ""),
        "please find attached the copy of the invoice as a PDF.",
    ),
    ("appointment", "de"): Kind(
        ("Terminanfrage", "Termin", "Terminvorschlag", "Besuch bei Ihnen"),
        ("können wir nächste Woche einen Termin vereinbaren?", "wann passt Ihnen ein Treffen?", "ich würde Sie gern besuchen und bitte um einen Terminvorschlag.",
         "wir möchten einen Besprechungstermin mit Ihnen ausmachen."),
        ("Dienstag oder Mittwoch wäre gut.", "Eine Stunde reicht für das Gespräch.", "Gern auch per Videokonferenz.", "Nachmittags passt es uns am besten."),
        "gern. Bitte schlagen Sie zwei Zeiten vor, wir bestätigen dann den Termin.",
    ),
    ("appointment", "en"): Kind(
        ("Appointment", "Meeting request", "Visit"),
        ("can we arrange a meeting next week?", "when would an appointment suit you?", "I would like to visit you and ask for a date."),
        ("Tuesday or Wednesday would be good.", "One hour will be enough for the meeting.", "A video call is fine, too."),
        "with pleasure. Please propose two times and we will confirm the appointment.",
    ),
}  # fmt: skip
OTHERS = (
    ("Schlüssel", "der Schlüssel zum Tor liegt wieder beim Pförtner."), ("Danke", "vielen Dank für den schönen Kalender!"),
    ("Parking", "a red van blocks our gate, is it yours?"), ("Sponsoring", "unser Sportverein sucht Sponsoren für neue Trikots."),
    ("Schulpraktikum Kopierer", "der Wartungstechniker für den Kopierer kommt am Freitag."), ("Wasser", "am Samstag wird in Ihrer Straße das Wasser abgestellt."),
    ("Survey", "our university asks you to take part in a study about logistics."), ("Fundsache", "ich habe auf Ihrem Hof einen Handschuh gefunden."),
)  # fmt: skip
GREETINGS = {
    "de": ("Guten Tag,", "Hallo,", "Sehr geehrte Damen und Herren,", "Moin,", ""),
    "en": ("Hello,", "Dear Sir or Madam,", "Hi,", ""),
}
CLOSINGS = {
    "de": ("Mit freundlichen Grüßen", "Viele Grüße", "Freundliche Grüße"),
    "en": ("Kind regards", "Best regards", "Regards"),
}
NAMES = (
    "Anke Behrens", "Jonas Wolter", "Miriam Ahlers", "Peter Sievers", "Selma Öztürk", "Tom Carter", "Nina Krüger", "Olaf Reimers",
    "Grace Hughes", "Ilka Roth", "Bernd Voss", "Paula Fink", "Sven Nygaard", "Ruth Osei", "Karl Lindner", "Eva Mertens",
)  # fmt: skip
