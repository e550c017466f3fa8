"""What reaches an office and may belong to no label: sentences against which a label has to stand out.

Two kinds: what hardly any flow has a label for, and what many have one for. A sentence that a label claims for itself is left out
of the background of that flow (`head.py`), so that the second kind stands for the labels a flow does *not* have.
They were written from what offices get in general, not from mails that anything is measured on.
"""

from __future__ import annotations

_SELDOM_A_LABEL = """
Ich bin im Urlaub und ab Montag wieder erreichbar.
I am out of office until next week.
Vielen Dank für Ihre Hilfe und ein schönes Wochenende.
Thank you very much, have a nice day.
Können wir den Termin auf nächste Woche verschieben?
Let's meet on Thursday to discuss the project.
Anbei das Protokoll der Besprechung.
Here are the slides from yesterday's presentation.
Undelivered mail returned to sender
Ihre Nachricht konnte nicht zugestellt werden.
Please confirm your registration by clicking the link.
Ihr Bestätigungscode für die Anmeldung lautet 123456.
Das WLAN ist heute Abend wegen Wartung nicht verfügbar.
The printer on the second floor is out of order.
Herzlichen Glückwunsch zum Geburtstag!
Merry Christmas and a happy new year to you and your family.
Bitte rufen Sie mich zurück.
Could you give me a call when you have a minute?
Wie wird das Wetter morgen?
Who won the football match last night?
Unser Büro bleibt an den Feiertagen geschlossen.
Lunch menu for this week
Ich habe gestern einen interessanten Artikel über Kunst gelesen.
What is the capital of France?
ok
Danke, ist angekommen.
Unsere Öffnungszeiten haben sich geändert.
Bis wann haben Sie heute geöffnet?
How do I get to your office by public transport?
Gibt es bei Ihnen Parkplätze für Besucher?
Die Reinigungsfirma kommt ab sofort abends.
The fire alarm will be tested on Wednesday morning.
Wir laden Sie herzlich zur Einweihung unserer neuen Räume ein.
You are invited to our open day.
Einladung zur Mitgliederversammlung
Ich schreibe einen Artikel für die Zeitung und hätte einige Fragen an Ihre Geschäftsführung.
We would like to interview your managing director for our magazine.
Can our class visit your company?
Liebe Kolleginnen und Kollegen, in der Küche steht Kuchen.
Wer hat meine Tasse aus der Küche genommen?
Kommst du mit in die Mittagspause?
Shall we have lunch together tomorrow?
Am Freitag gehen wir nach der Arbeit etwas trinken.
Ich bin heute krank und komme nicht ins Büro.
I will be working from home on Thursday.
Bitte tragt euren Urlaub bis Ende des Monats ein.
Frau Schneider hat unser Unternehmen verlassen.
I have moved to another department; please write to my colleague from now on.
Wir wünschen Ihnen frohe Feiertage und einen guten Rutsch.
Congratulations on your anniversary!
Herzlichen Dank für den netten Empfang und das gute Gespräch.
It was great to meet you at the trade fair.
Anbei die Fotos von unserer Weihnachtsfeier.
Unser Beileid zum Tod Ihres Kollegen.
Die Besprechung fällt heute aus.
The conference call has been moved to 3 pm.
Hier ist der Link zur Videokonferenz.
Bitte schicken Sie mir Ihren Vorschlag für die Tagesordnung.
Könnten Sie die Präsentation noch einmal durchsehen?
I have added my comments to the draft.
Haben Sie meine letzte Nachricht erhalten?
Entschuldigung, diese Mail war nicht für Sie bestimmt.
You have the wrong address, I am not the person you are looking for.
Mit wem habe ich bei Ihnen am Telefon gesprochen?
Who is the right person to talk to about this?
Ihr Passwort läuft in drei Tagen ab.
Your mailbox is almost full.
Am Wochenende wird der Server neu gestartet.
A new version of the software is available.
Der Drucker im Erdgeschoss druckt nicht.
Ein neues Gerät hat sich an Ihrem Konto angemeldet.
Jemand hat Ihren Beitrag kommentiert.
You have a new follower.
Sie haben im Lotto gewonnen, melden Sie sich sofort.
I am a prince and want to transfer a large sum to you.
Wir bringen Ihre Webseite bei Google auf Platz eins.
Let us improve the search ranking of your website.
Haben Sie Interesse, Ihre Firma zu verkaufen?
We are looking for partners and distributors in your country.
Gerne würden wir uns Ihnen als neuer Dienstleister vorstellen.
Ich würde Ihnen gern bei einem Telefonat unser Produkt zeigen.
Bitte füllen Sie den Fragebogen der Berufsgenossenschaft aus.
Das Finanzamt hat eine Prüfung angekündigt.
Bescheid über die Festsetzung der Grundsteuer
The statistical office asks you to report your figures.
Wir haben eine Stromablesung: bitte teilen Sie uns den Zählerstand mit.
Ihr Versicherungsvertrag verlängert sich um ein Jahr.
Der Leasingvertrag für das Fahrzeug endet im März.
Ihr Termin in der Werkstatt ist bestätigt.
Your flight has been rebooked.
Ihre Hotelreservierung ist bestätigt.
Die Bahn hat heute große Verspätung, ich komme später.
Der Hausmeister war da und hat die Heizung repariert.
Wo kann ich mich über Ihre Firma und ihre Geschichte informieren?
What does your company actually do?
Seit wann gibt es Ihre Firma?
Verwenden Sie in Ihrem Betrieb erneuerbare Energie?
Which certificates does your company hold?
Ich finde Ihre neue Webseite sehr gelungen.
The link on your website does not work.
Ihr Fahrer war sehr freundlich, bitte richten Sie ihm unseren Dank aus.
Your lorry nearly hit me on the motorway this morning.
Gestern Nacht war es auf Ihrem Hof sehr laut.
Der Rasen vor Ihrem Gebäude müsste gemäht werden.
Wir ziehen um und geben alte Möbel ab.
Suche Mitfahrgelegenheit nach Hamburg
Mein Hund ist entlaufen, haben Sie ihn gesehen?
Rezept für einen Apfelkuchen
The film yesterday was really good.
Die Kinder haben ab Montag Ferien.
Wie geht es dir? Wir haben lange nichts voneinander gehört.
See attached.
Siehe Anhang.
Test
Bitte ignorieren.
Hallo
??
Bitte melden.
lorem ipsum dolor sit amet
qwertz asdf jklö
"""
_OFTEN_A_LABEL = """
Anbei erhalten Sie die Rechnung für den letzten Monat.
Please find the invoice for our services attached.
Die Rechnung ist seit zwei Wochen fällig und noch nicht bezahlt.
This is a reminder that your payment is overdue.
Ihre Zahlung ist bei uns eingegangen.
We have transferred the amount to your account today.
Bitte schicken Sie uns eine Kopie der Rechnung.
Der Betrag auf Ihrer Rechnung stimmt nicht.
Hiermit bestelle ich drei Stück zur Lieferung an unsere Adresse.
We would like to place an order.
Vielen Dank für Ihre Bestellung, sie ist bei uns eingegangen.
Ihr Paket kommt morgen an.
Your parcel has been shipped and is on its way.
Wann wird unsere Lieferung eintreffen?
Where is the parcel that I ordered two weeks ago?
Das gelieferte Gerät ist defekt und ich möchte es zurückgeben.
The item arrived broken and I would like a refund.
Ich bin mit Ihrem Service sehr unzufrieden.
Bitte machen Sie uns ein Angebot.
How much would this cost us?
Anbei unser Angebot, wir freuen uns auf Ihren Auftrag.
Unsere Preise erhöhen sich zum Jahreswechsel.
Leider müssen wir unsere Bestellung stornieren.
I would like to cancel my order.
Hiermit kündige ich den Vertrag zum nächstmöglichen Zeitpunkt.
I would like to cancel my subscription.
Ich bewerbe mich auf die ausgeschriebene Stelle.
I am applying for the job; my CV is attached.
Bitte stellen Sie mir eine Verdienstbescheinigung aus.
Anbei meine Krankmeldung für diese Woche.
Entdecken Sie unsere neuen Angebote und sparen Sie 20 Prozent.
This week only: free shipping on everything. Unsubscribe here.
Melden Sie sich jetzt zu unserem kostenlosen Webinar an.
Welche Daten haben Sie über mich gespeichert?
Please delete my account and all my data.
Unsere Adresse und Bankverbindung haben sich geändert.
Please note our new phone number.
Ich möchte einen Termin vereinbaren.
I need to move my appointment to another day.
Leider kann ich morgen nicht kommen.
Ich kann mich nicht anmelden, das Passwort wird nicht angenommen.
I have forgotten my password and need access again.
Unser System funktioniert seit heute Morgen nicht mehr.
The program shows an error message when I start it.
Die Heizung ist ausgefallen, bitte schicken Sie jemanden.
There is water coming through the ceiling.
Ich suche eine Wohnung mit drei Zimmern.
The neighbours are making noise every night.
Ich möchte einen Unfall melden.
My insurance does not cover the damage.
Haben Sie für Samstag noch einen Tisch frei?
I would like to book a room for two nights.
Meine Tochter ist krank und kommt heute nicht zur Schule.
Bitte stellen Sie mir ein neues Rezept aus.
Sind meine Untersuchungsergebnisse schon da?
Ich benötige eine Bescheinigung für das Finanzamt.
Please sign the contract and send it back to us.
Anbei der unterschriebene Vertrag.
Wir legen Widerspruch gegen Ihren Bescheid ein.
Please send me the manual and the data sheet of this product.
Ist dieser Artikel noch lieferbar?
Do you ship to Austria?
Wie kann ich meine Karte sperren lassen?
What is the exchange rate today?
Spiel das nächste Lied.
Set an alarm for seven in the morning.
"""
SENTENCES = tuple(line for line in (_SELDOM_A_LABEL + _OFTEN_A_LABEL).splitlines() if line)
