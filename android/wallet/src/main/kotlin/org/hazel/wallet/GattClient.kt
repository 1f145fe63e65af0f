package org.hazel.wallet

import android.annotation.SuppressLint
import android.bluetooth.BluetoothDevice
import android.bluetooth.BluetoothGatt
import android.bluetooth.BluetoothGattCallback
import android.bluetooth.BluetoothGattCharacteristic
import android.bluetooth.BluetoothGattDescriptor
import android.bluetooth.BluetoothProfile
import android.bluetooth.BluetoothStatusCodes
import android.content.Context
import android.os.Build
import android.os.Handler
import org.hazel.bridge.readInformation

/**
 * The side that calls: connects, asks for the largest MTU, reads what version is spoken, opens a channel or listens, and only then is a link.
 *
 * Android's stack takes one request at a time, and its callbacks come on threads of its own: everything is passed on to [thread].
 */
@SuppressLint("MissingPermission") // Bluetooth asks for them before anybody is called.
internal class GattClient(
    private val thread: Handler,
    private val radio: Post,
    private val peer: BluetoothDevice,
    private val heard: Heard,
) : BluetoothGattCallback(), Link {
    /** What a caller's link tells. */
    interface Heard {
        /** The channel to open at a peer that told of this one; none for the service. */
        fun channel(link: GattClient, told: UShort): UShort?
        fun noChannel(link: GattClient)
        fun up(link: GattClient)
        fun packet(link: GattClient, bytes: ByteArray)
        fun down(link: GattClient)
    }

    val address: String get() = peer.address
    override val mtu: UShort get() = channel?.mtu ?: serviceMtu
    override val isChannel get() = channel != null

    /** Over what packets cross, if not over the service. */
    private var channel: Channel? = null
    private var serviceMtu = soundMtu(Gatt.LEAST_MTU)
    private var gatt: BluetoothGatt? = null
    private var rx: BluetoothGattCharacteristic? = null
    private var up = false
    private var gone = false
    private var first = true
    private val queue = PacketQueue(::write) { gatt?.disconnect() ?: lost() }

    fun connect(context: Context) {
        gatt = peer.connectGatt(context, false, this, BluetoothDevice.TRANSPORT_LE)
        if (gatt == null) lost() else thread.postDelayed(late, PATIENCE)
    }

    override fun send(packet: ByteArray) = channel?.send(packet) ?: queue.send(packet)

    override fun close() = channel?.close() ?: queue.closeWhenEmpty()

    override fun leave() {
        gatt?.disconnect()
        lost()
    }

    override fun onConnectionStateChange(gatt: BluetoothGatt, status: Int, state: Int) {
        thread.post {
            when {
                state != BluetoothProfile.STATE_CONNECTED || status != BluetoothGatt.GATT_SUCCESS -> lost()
                !gatt.requestMtu(Gatt.MOST_MTU) -> gatt.discoverServices()
            }
        }
    }

    override fun onMtuChanged(gatt: BluetoothGatt, mtu: Int, status: Int) {
        thread.post {
            if (status == BluetoothGatt.GATT_SUCCESS) serviceMtu = soundMtu(mtu)
            if (!up) gatt.discoverServices()
        }
    }

    override fun onServicesDiscovered(gatt: BluetoothGatt, status: Int) {
        thread.post {
            val info = gatt.getService(Gatt.SERVICE)?.getCharacteristic(Gatt.INFO)
            if (info == null || !gatt.readCharacteristic(info)) leave()
        }
    }

    @Deprecated("until Android 12")
    @Suppress("DEPRECATION")
    override fun onCharacteristicRead(gatt: BluetoothGatt, it: BluetoothGattCharacteristic, status: Int) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) read(gatt, it, it.value)
    }

    override fun onCharacteristicRead(gatt: BluetoothGatt, it: BluetoothGattCharacteristic, value: ByteArray, status: Int) =
        read(gatt, it, value)

    private fun read(gatt: BluetoothGatt, it: BluetoothGattCharacteristic, value: ByteArray?) {
        val told = value?.takeIf { _ -> it.uuid == Gatt.INFO }?.let(::readInformation)
        thread.post {
            // None of another version: whoever it is, it is not one to talk to.
            if (told == null) return@post leave()
            val number = heard.channel(this, told.channel)
            if (number == null) listen(gatt) else open(number, gatt)
        }
    }

    /** Takes the channel, or listens as ever. */
    private fun open(number: UShort, gatt: BluetoothGatt) = openChannel(SocketPipe.to(peer, number), radio) { pipe ->
        when {
            gone -> pipe?.close()
            pipe == null -> {
                heard.noChannel(this)
                thread.removeCallbacks(late)
                thread.postDelayed(late, PATIENCE)
                listen(gatt)
            }
            else -> {
                val opened = Channel(pipe, radio, object : Channel.Heard {
                    override fun packet(bytes: ByteArray) = heard.packet(this@GattClient, bytes)
                    override fun down() = leave()
                })
                channel = opened
                rise(gatt)
                opened.begin()
            }
        }
    }

    private fun listen(gatt: BluetoothGatt) {
        val service = gatt.getService(Gatt.SERVICE)
        val tx = service?.getCharacteristic(Gatt.TX)
        val notify = tx?.getDescriptor(Gatt.NOTIFY)
        rx = service?.getCharacteristic(Gatt.RX)
        if (rx == null || notify == null || !gatt.setCharacteristicNotification(tx, true)) return leave()
        val asked = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            gatt.writeDescriptor(notify, BluetoothGattDescriptor.ENABLE_NOTIFICATION_VALUE) == BluetoothStatusCodes.SUCCESS
        } else {
            @Suppress("DEPRECATION")
            notify.run { value = BluetoothGattDescriptor.ENABLE_NOTIFICATION_VALUE; gatt.writeDescriptor(this) }
        }
        if (!asked) leave()
    }

    override fun onDescriptorWrite(gatt: BluetoothGatt, descriptor: BluetoothGattDescriptor, status: Int) {
        thread.post {
            if (status == BluetoothGatt.GATT_SUCCESS) rise(gatt) else leave()
        }
    }

    private fun rise(gatt: BluetoothGatt) {
        up = true
        gatt.requestConnectionPriority(BluetoothGatt.CONNECTION_PRIORITY_HIGH)
        heard.up(this)
    }

    /** The first packet is written with an answer: only then is it sure that the other side listens. */
    private fun write(packet: ByteArray): Boolean {
        val (gatt, rx) = (gatt ?: return false) to (rx ?: return false)
        val type = if (first) BluetoothGattCharacteristic.WRITE_TYPE_DEFAULT else BluetoothGattCharacteristic.WRITE_TYPE_NO_RESPONSE
        first = false
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            return gatt.writeCharacteristic(rx, packet, type) == BluetoothStatusCodes.SUCCESS
        }
        @Suppress("DEPRECATION")
        return rx.run { writeType = type; value = packet; gatt.writeCharacteristic(this) }
    }

    override fun onCharacteristicWrite(gatt: BluetoothGatt, it: BluetoothGattCharacteristic, status: Int) {
        thread.post { queue.taken() }
    }

    @Deprecated("until Android 12")
    @Suppress("DEPRECATION")
    override fun onCharacteristicChanged(gatt: BluetoothGatt, it: BluetoothGattCharacteristic) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) onCharacteristicChanged(gatt, it, it.value)
    }

    override fun onCharacteristicChanged(gatt: BluetoothGatt, it: BluetoothGattCharacteristic, value: ByteArray) {
        val bytes = value.clone()
        thread.post { if (up && it.uuid == Gatt.TX) heard.packet(this, bytes) }
    }

    private val late = Runnable { if (!up) leave() }

    /** Told once, whatever Android repeats. */
    private fun lost() {
        if (gone) return
        gone = true
        channel?.leave()
        // Without it Android runs out of clients after some thirty calls.
        gatt?.close()
        gatt = null
        heard.down(this)
    }

    private companion object {
        const val PATIENCE = 10_000L
    }
}
