"""What reaches every office and belongs to no label: sentences against which a label has to stand out."""

from __future__ import annotations

SENTENCES = tuple(
    line
    for line in """
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
""".splitlines()
    if line
)
