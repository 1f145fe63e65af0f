package org.hazel.wallet

import android.annotation.SuppressLint
import android.bluetooth.BluetoothDevice
import android.bluetooth.BluetoothGatt
import android.bluetooth.BluetoothGattCharacteristic
import android.bluetooth.BluetoothGattDescriptor
import android.bluetooth.BluetoothGattServer
import android.bluetooth.BluetoothGattServerCallback
import android.bluetooth.BluetoothGattService
import android.bluetooth.BluetoothManager
import android.bluetooth.BluetoothProfile
import android.bluetooth.BluetoothStatusCodes
import android.content.Context
import android.os.Build
import android.os.Handler
import org.hazel.bridge.information

/** The side that is called: offers the service; whoever asks to be notified is a link. */
@SuppressLint("MissingPermission") // Bluetooth asks for them before the service is offered.
internal class GattServer(
    private val thread: Handler,
    private val heard: Heard,
) : BluetoothGattServerCallback() {
    /** What the links of those who called tell. */
    interface Heard {
        fun up(link: Caller)
        fun packet(link: Caller, bytes: ByteArray)
        fun down(link: Caller)
    }

    /** Somebody who called. */
    inner class Caller(val peer: BluetoothDevice) : Link {
        override var mtu: UShort = soundMtu(Gatt.LEAST_MTU)
        internal var listens = false
        internal val queue = PacketQueue({ notify(peer, it) }, ::leave)

        override fun send(packet: ByteArray) = queue.send(packet)
        override fun close() = queue.closeWhenEmpty()
        override fun leave() {
            server?.cancelConnection(peer)
        }
    }

    /** What is told to whoever connects and reads. Android asks on threads of its own. */
    @Volatile
    var told: ByteArray = information(emptyList(), 0u)

    private var server: BluetoothGattServer? = null
    private var tx: BluetoothGattCharacteristic? = null
    private val callers = mutableMapOf<String, Caller>()

    /** Whether the service is offered from now on. */
    fun open(context: Context): Boolean {
        val opened = context.getSystemService(BluetoothManager::class.java)?.openGattServer(context, this) ?: return false
        val service = BluetoothGattService(Gatt.SERVICE, BluetoothGattService.SERVICE_TYPE_PRIMARY)
        val write = BluetoothGattCharacteristic.PROPERTY_WRITE or BluetoothGattCharacteristic.PROPERTY_WRITE_NO_RESPONSE
        service.addCharacteristic(BluetoothGattCharacteristic(Gatt.RX, write, BluetoothGattCharacteristic.PERMISSION_WRITE))
        val notify = BluetoothGattCharacteristic(Gatt.TX, BluetoothGattCharacteristic.PROPERTY_NOTIFY, 0)
        val permissions = BluetoothGattDescriptor.PERMISSION_READ or BluetoothGattDescriptor.PERMISSION_WRITE
        notify.addDescriptor(BluetoothGattDescriptor(Gatt.NOTIFY, permissions))
        service.addCharacteristic(notify)
        val read = BluetoothGattCharacteristic.PROPERTY_READ
        service.addCharacteristic(BluetoothGattCharacteristic(Gatt.INFO, read, BluetoothGattCharacteristic.PERMISSION_READ))
        tx = notify
        server = opened
        return opened.addService(service)
    }

    fun close() {
        server?.close()
        server = null
        callers.clear()
    }

    override fun onConnectionStateChange(device: BluetoothDevice, status: Int, state: Int) {
        thread.post {
            if (state == BluetoothProfile.STATE_CONNECTED) {
                callers.getOrPut(device.address) { Caller(device) }
            } else {
                callers.remove(device.address)?.takeIf { it.listens }?.let(heard::down)
            }
        }
    }

    override fun onMtuChanged(device: BluetoothDevice, mtu: Int) {
        thread.post { callers[device.address]?.mtu = soundMtu(mtu) }
    }

    override fun onCharacteristicReadRequest(device: BluetoothDevice, request: Int, offset: Int, it: BluetoothGattCharacteristic) {
        val told = told
        val known = it.uuid == Gatt.INFO && offset in 0..told.size
        val status = if (known) BluetoothGatt.GATT_SUCCESS else BluetoothGatt.GATT_READ_NOT_PERMITTED
        val value = if (known) told.copyOfRange(offset, told.size) else null
        server?.sendResponse(device, request, status, offset, value)
    }

    override fun onDescriptorWriteRequest(
        device: BluetoothDevice, request: Int, descriptor: BluetoothGattDescriptor,
        prepared: Boolean, answer: Boolean, offset: Int, value: ByteArray,
    ) {
        if (answer) server?.sendResponse(device, request, BluetoothGatt.GATT_SUCCESS, offset, value)
        val wants = value.contentEquals(BluetoothGattDescriptor.ENABLE_NOTIFICATION_VALUE)
        thread.post {
            val caller = callers.getOrPut(device.address) { Caller(device) }
            if (descriptor.uuid == Gatt.NOTIFY && wants && !caller.listens) {
                caller.listens = true
                heard.up(caller)
            }
        }
    }

    override fun onCharacteristicWriteRequest(
        device: BluetoothDevice, request: Int, it: BluetoothGattCharacteristic,
        prepared: Boolean, answer: Boolean, offset: Int, value: ByteArray,
    ) {
        // Packets are never longer than one write: a prepared one is somebody else's.
        val ours = it.uuid == Gatt.RX && !prepared && offset == 0
        if (answer) {
            val status = if (ours) BluetoothGatt.GATT_SUCCESS else BluetoothGatt.GATT_REQUEST_NOT_SUPPORTED
            server?.sendResponse(device, request, status, offset, value)
        }
        val bytes = value.clone()
        thread.post { if (ours) callers[device.address]?.takeIf { caller -> caller.listens }?.let { heard.packet(it, bytes) } }
    }

    override fun onNotificationSent(device: BluetoothDevice, status: Int) {
        thread.post { callers[device.address]?.queue?.taken() }
    }

    private fun notify(device: BluetoothDevice, packet: ByteArray): Boolean {
        val (server, tx) = (server ?: return false) to (tx ?: return false)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            return server.notifyCharacteristicChanged(device, tx, false, packet) == BluetoothStatusCodes.SUCCESS
        }
        @Suppress("DEPRECATION")
        return tx.run { value = packet; server.notifyCharacteristicChanged(device, this, false) }
    }
}
