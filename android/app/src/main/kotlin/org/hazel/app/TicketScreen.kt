package org.hazel.app

import org.hazel.bridge.Code
import org.hazel.bridge.Meaning

/** An invitation that was scanned: who invites, what they grant, and what I grant in return. */
class TicketScreen(hall: Hall, private val code: Code, private val ticket: Meaning.Ticket) : Screen(hall) {
    private val credit = CreditForm("granted", null, ::draw)

    override fun compose() = Sheet(Text("invitation_of", ticket.partner), buildList {
        add(credit("they_grant", ticket.granted))
        addAll(credit.fields("i_grant"))
        add(Note(Text("until", hall.phone.day(ticket.expires))))
        add(Button(Text("answer_invitation"), isMain = true, isOn = credit.terms() != null, does = trying(::answer)))
    })

    private suspend fun answer() {
        val terms = credit.terms() ?: return
        val tally = hall.wallet.run { acceptTicket(code.bytes, terms) }
        hall.instead(TallyScreen(hall, tally))
        // The answer travels by a meeting: whoever made the ticket waits near by.
        hall.go(MeetScreen(hall, tally))
    }
}
